using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>
/// From revoking a session to its refusal at two gateways, under load. The sessions are real ones, signed in beforehand;
/// each is ended by a logout through the first gateway, which commits in the database and goes out on the Redis stream
/// and the bus. From then on both gateways are asked without pause with the session's token until they refuse it, beside
/// readers that load both. The two gateways run in this process, with the load; that of the AppHost is a third one, idle,
/// whose receipt a logout waits for as well.
/// </summary>
internal static class RevokeBenchmark
{
    private const string Password = "a password to measure with 1";
    private const string Me = "/api/v1/auth/me";
    private const int Readers = 8;

    public static async Task<int> RunAsync(int revocations)
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(
            new TestApplicationOptions { Durable = true }, $"--Parameters:admin-password={Password}").BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        var spool = Directory.CreateTempSubdirectory("platform-revoke-");
        var settings = await SettingsAsync(app, spool.FullName);
        await using OwnGateway first = new(settings), second = new(settings);
        using HttpClient identity = Client(app.GetEndpoint("identity")), one = Client(first.Start()), two = Client(second.Start());
        var tokens = await SignInAsync(identity, revocations + Readers);
        foreach (var gateway in (HttpClient[])[one, two])
        {
            await Eventually.Async(async () => await AskAsync(gateway, tokens[0]) == HttpStatusCode.OK, TimeSpan.FromSeconds(30), "a gateway did not become ready");
        }

        using CancellationTokenSource stop = new();
        var load = tokens[^Readers..].Select((token, reader) => LoadAsync(reader % 2 == 0 ? one : two, token, stop.Token)).ToArray();
        Samples answer = new("logout: request to answer"), refusal = new("answer to refusal at both"), whole = new("request to refusal at both");
        foreach (var token in tokens[..revocations])
        {
            await RevokeAsync(one, two, token, answer, refusal, whole);
        }

        await stop.CancelAsync();
        var requests = (await Task.WhenAll(load)).Sum();
        Console.WriteLine(answer);
        Console.WriteLine(refusal);
        Console.WriteLine(whole);
        Console.WriteLine(FormattableString.Invariant($"{requests} other requests meanwhile, over {Readers} connections"));
        spool.Delete(recursive: true);
        return refusal.Percentile(99) < 100 && refusal.Percentile(100) < 1000 ? 0 : 1;
    }

    private static async Task RevokeAsync(HttpClient one, HttpClient two, string token, Samples answer, Samples refusal, Samples whole)
    {
        // Known to both, so that they answer from memory.
        if (await AskAsync(one, token) != HttpStatusCode.OK || await AskAsync(two, token) != HttpStatusCode.OK)
        {
            throw new InvalidOperationException("A session was refused before it was ended.");
        }

        var began = TimeProvider.System.GetTimestamp();
        var refusals = Task.WhenAll(RefusedAtAsync(one, token), RefusedAtAsync(two, token));
        using var request = Request(HttpMethod.Post, "/api/v1/auth/logout", token);
        using var ended = await one.SendAsync(request);
        var answered = TimeProvider.System.GetTimestamp();
        ended.EnsureSuccessStatusCode();
        var refused = (await refusals).Max();
        answer.Add(TimeProvider.System.GetElapsedTime(began, answered));
        refusal.Add(TimeSpan.FromTicks(Math.Max(0, TimeProvider.System.GetElapsedTime(answered, refused).Ticks)));
        whole.Add(TimeProvider.System.GetElapsedTime(began, refused));
    }

    /// <summary>When the gateway's first refusal came.</summary>
    private static async Task<long> RefusedAtAsync(HttpClient gateway, string token)
    {
        while (await AskAsync(gateway, token) != HttpStatusCode.Unauthorized)
        {
            await Task.Yield();
        }

        return TimeProvider.System.GetTimestamp();
    }

    private static async Task<long> LoadAsync(HttpClient gateway, string token, CancellationToken stop)
    {
        var requests = 0L;
        while (!stop.IsCancellationRequested)
        {
            await AskAsync(gateway, token);
            requests++;
        }

        return requests;
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient gateway, string token)
    {
        using var request = Request(HttpMethod.Get, Me, token);
        using var answer = await gateway.SendAsync(request);
        return answer.StatusCode;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string token) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    private static HttpClient Client(Uri address) => new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = address };

    /// <summary>Sessions of as many people as needed: at the identity service itself, two at a time, for their hashes' sake.</summary>
    private static async Task<string[]> SignInAsync(HttpClient identity, int count)
    {
        (await identity.PostAsJsonAsync("/api/v1/auth/register", new { username = "benchmark", email = "benchmark@platform.test", password = Password })).EnsureSuccessStatusCode();
        ConcurrentBag<string> tokens = [];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (_, cancellationToken) =>
        {
            using var answer = await identity.PostAsJsonAsync("/api/v1/auth/login", new { username = "benchmark", password = Password }, cancellationToken);
            answer.EnsureSuccessStatusCode();
            tokens.Add((await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("access_token").GetString()!);
        });
        return [.. tokens];
    }

    private static async Task<Dictionary<string, string?>> SettingsAsync(DistributedApplication app, string spool)
    {
        Dictionary<string, string?> settings = new(StringComparer.Ordinal)
        {
            ["Authentication:Issuer"] = app.GetEndpoint("gateway").GetLeftPart(UriPartial.Authority),
            ["Identity:ClientSecret"] = "not used in this measurement, not used",
            ["ConnectionStrings:redis"] = await app.GetConnectionStringAsync("redis"),
            ["ConnectionStrings:messaging"] = await app.GetConnectionStringAsync("messaging"),
            ["RequestAudit:SpoolDirectory"] = spool,
        };
        foreach (var policy in (string[])["address", "user", "tenant"])
        {
            settings[$"RateLimits:Policies:{policy}:Permits"] = "1000000"; // one person asks all of this
        }

        foreach (var service in (string[])["identity", "audit", "notification", "device"])
        {
            settings[$"services:{service}:http:0"] = app.GetEndpoint(service).GetLeftPart(UriPartial.Authority);
        }

        return settings;
    }

    private sealed class OwnGateway(Dictionary<string, string?> settings) : WebApplicationFactory<Gateway.GatewayInstance>
    {
        public Uri Start()
        {
            UseKestrel(0);
            StartServer();
            return new Uri(ClientOptions.BaseAddress.GetLeftPart(UriPartial.Authority));
        }

        protected override IHost CreateHost(IHostBuilder builder)
        {
            builder.ConfigureHostConfiguration(host => host.AddInMemoryCollection(settings));
            builder.ConfigureLogging(static logging => logging.ClearProviders());
            return base.CreateHost(builder);
        }
    }
}
