using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>
/// Heartbeats of many devices at the device service, each answered after it was committed. The load comes from this
/// process, on the same cores.
/// </summary>
internal static class HeartbeatBenchmark
{
    private const int Devices = 300;
    private const int Connections = 256;
    private const string Password = "a password to measure with 1";
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync()
    {
        await using var app = await TestApplication.Create<Projects.AppHost>(
            new TestApplicationOptions { Durable = true, Environment = RaisedLimits.With() }, $"--Parameters:admin-password={Password}").BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        var devices = await EnrollAsync(app.CreateHttpClient("gateway"));
        using var service = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = app.GetEndpoint("device") };
        await LoadAsync(service, devices, WarmUp);
        var samples = await LoadAsync(service, devices, Measured);
        Console.WriteLine(samples);
        Console.WriteLine(FormattableString.Invariant($"{samples.Count / Measured.TotalSeconds:0} heartbeats/s of {Devices} devices over {Connections} connections, none refused"));
        return 0;
    }

    private static async Task<List<BenchmarkDevice>> EnrollAsync(HttpClient gateway)
    {
        using var login = await gateway.PostAsJsonAsync("/api/v1/auth/login", new { username = "admin", password = Password });
        var access = (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/devices/enrollment-tokens")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access) },
            Content = JsonContent.Create(new { name = "benchmark", maxUses = Devices }),
        };
        using var made = await gateway.SendAsync(request);
        var token = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
        var devices = new List<BenchmarkDevice>(Devices);
        for (var number = 0; number < Devices; number++)
        {
            devices.Add(await BenchmarkDevice.EnrollAsync(gateway, token, $"device-{number}"));
        }

        return devices;
    }

    /// <summary>As many requests as the connections carry, one device after the other on each.</summary>
    private static async Task<Samples> LoadAsync(HttpClient service, List<BenchmarkDevice> devices, TimeSpan duration)
    {
        var began = TimeProvider.System.GetTimestamp();
        var perConnection = await Task.WhenAll(Enumerable.Range(0, Connections).Select(async connection =>
        {
            List<TimeSpan> took = [];
            for (var turn = connection; TimeProvider.System.GetElapsedTime(began) < duration; turn++)
            {
                var sent = TimeProvider.System.GetTimestamp();
                await devices[turn % devices.Count].BeatAsync(service);
                took.Add(TimeProvider.System.GetElapsedTime(sent));
            }

            return took;
        }));
        var samples = new Samples("heartbeat");
        foreach (var took in perConnection.SelectMany(times => times))
        {
            samples.Add(took);
        }

        return samples;
    }
}
