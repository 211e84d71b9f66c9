using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests;

/// <summary>
/// Ten thousand requests made from good ones by chance, sent over bare sockets. The same seed makes the same requests:
/// set <c>FUZZ_SEED</c> to one that failed, or to <c>random</c>.
/// </summary>
[Collection(MeasuringTests.Name)]
public sealed partial class HostileRequestTests(SharedGateway shared, ITestOutputHelper output)
{
    private const int Requests = 10_000;
    private const int Connections = 32;
    private const long MostGrowth = 64L << 20;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Requests_MalformedAndHostile_GetNo5xxOfOursNoHangNoGrowthNoCrash()
    {
        var seed = Environment.GetEnvironmentVariable("FUZZ_SEED") switch
        {
            null => 20260731,
            "random" => Random.Shared.Next(),
            var text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
        };
        output.WriteLine($"seed {seed}");
        var before = shared.Around.Identity.Answer;
        shared.Around.Identity.Answer = context => context.Request.Path == "/.well-known/jwks.json"
            ? before!(context)
            : context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        var management = FreePort();
        var gateway = await shared.Around.StartGatewayAsync(changes: [("Management:Port", $"{management}")]);
        try
        {
            HostileRequests source = new(gateway.Address.Authority, shared.Around.Issuer);
            ConcurrentDictionary<int, int> statuses = [];
            ConcurrentQueue<string> faults = [];
            await SendAsync(gateway, source, seed, 0, 500, statuses, faults); // what is made once is made
            var memory = GC.GetTotalMemory(forceFullCollection: true);
            var began = Stopwatch.GetTimestamp();

            await SendAsync(gateway, source, seed, 500, Requests, statuses, faults);

            output.WriteLine($"{Requests} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: {string.Join(", ", statuses.OrderBy(one => one.Key).Select(one => $"{one.Key} {one.Value} times"))}");
            if (!faults.IsEmpty)
            {
                using HttpClient errors = new();
                Assert.Fail($"seed {seed}: {faults.Count} faults, among them\n{string.Join("\n---\n", faults.Take(5))}\n{await errors.GetStringAsync($"http://127.0.0.1:{management}/errors")}");
            }

            Assert.True(statuses.Count(one => one.Value > 20) >= 5, "the requests are not hostile in enough ways");
            var growth = GC.GetTotalMemory(forceFullCollection: true) - memory;
            Assert.True(growth < MostGrowth, $"seed {seed}: the heap grew by {growth >> 20} MB");
            shared.Around.Identity.Answer = before;
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/auth/me", shared.Around.Issuer.User())).StatusCode);
        }
        finally
        {
            shared.Around.Identity.Answer = before;
        }
    }

    private static Task SendAsync(
        GatewayHost gateway, HostileRequests source, int seed, int first, int end, ConcurrentDictionary<int, int> statuses, ConcurrentQueue<string> faults) =>
        Parallel.ForAsync(first, end, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (number, _) =>
        {
            var request = source.Make(new Random(unchecked((seed * 397) + number)));
            string answer;
            try
            {
                answer = await AskAsync(gateway, request);
            }
            catch (TimeoutException hang)
            {
                faults.Enqueue($"{number} hangs: {Shown(request)}\n{hang.Message}");
                return;
            }

            foreach (Match status in Status().Matches(answer))
            {
                var code = int.Parse(status.Groups["code"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
                statuses.AddOrUpdate(code, 1, static (_, count) => count + 1);

                // 501 and 505 are about the client's method and version.
                if (code is >= 500 and not 501 and not 505)
                {
                    faults.Enqueue($"{number} gives {code}: {Shown(request)}\n{Shown(answer)}");
                }
            }

            if (answer.Contains("Exception", StringComparison.Ordinal) || answer.Contains("\r\nServer:", StringComparison.OrdinalIgnoreCase))
            {
                faults.Enqueue($"{number} tells: {Shown(request)}\n{Shown(answer)}");
            }
        });

    private static async Task<string> AskAsync(GatewayHost gateway, string request)
    {
        using var raw = await RawConnection.OpenAsync(gateway.Address);
        try
        {
            await raw.WriteAsync(request);
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException)
        {
            // refused while it was still being sent
        }

        // Half a request is waited for; its end comes when nothing was answered for a moment.
        var begun = await raw.ReadAsync(Moment);
        raw.EndSending();
        return begun + await raw.ReadToEndAsync(LongestAnswer);
    }

    private static string Shown(string text) =>
        string.Concat((text.Length > 3000 ? text[..3000] + "…" : text).Select(letter => letter is >= ' ' and < '\x7f' ? $"{letter}" : $"\\x{(int)letter:x2}"));

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("HTTP/1\\.1 (?<code>[0-9]{3}) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Status();
}
