using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Delivery.Courier;
using Platform.Testing;

namespace Delivery.Battery;

/// <summary>A courier as a process of its own, which the battery kills, stops and starts again.</summary>
internal sealed class CourierProcess(string role, string database, string broker, Sabotage sabotage, bool audited) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Uri _address = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));
    private ServiceProcess? _process;

    public HttpClient Client() => new() { BaseAddress = _address, Timeout = TimeSpan.FromSeconds(10) };

    public void Start() => _process = ServiceProcess.Start(
        Assembly.GetExecutingAssembly(),
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_CONTENTROOT"] = AppContext.BaseDirectory,
            ["ASPNETCORE_URLS"] = _address.AbsoluteUri,
            ["ConnectionStrings:deliverydb"] = database,
            ["ConnectionStrings:messaging"] = broker,
            ["Courier:Parent"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ["Courier:Role"] = role,
            ["Courier:Sabotage"] = sabotage.ToString(),
            ["Courier:Audited"] = audited.ToString(),
            ["Messaging:Prefetch"] = "1", // one message at a time, so that the ledger shows the order of arrival
            ["Messaging:ConfirmTimeout"] = "00:00:01",
            ["Messaging:RelayLease"] = "00:00:02",
            ["Messaging:RelayPoll"] = "00:00:00.200",
            ["Messaging:MostDeliveries"] = "1000", // a death each few seconds is what this is about
        },
        "serve");

    public async Task ReadyAsync()
    {
        using var client = Client();
        await Eventually.Async(
            async () =>
            {
                try
                {
                    using var answer = await client.GetAsync("/live");
                    return answer.IsSuccessStatusCode;
                }
                catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
                {
                    return false;
                }
            },
            Deadline,
            $"the {role} did not start: {_process?.Output}");
    }

    /// <summary>Dies the next time it comes to that place; waits for it.</summary>
    public async Task DieAtAsync(Seam seam)
    {
        using (var client = Client())
        {
            try
            {
                using var answer = await client.PostAsync($"/seams/{seam}", null);
                answer.EnsureSuccessStatusCode();
            }
            catch (HttpRequestException fault) when (fault.StatusCode is null)
            {
                // It came to the place before it could answer.
            }
        }

        await _process!.ExitAsync(Deadline);
    }

    public Task KillAsync() => _process!.KillAsync();

    public void Suspend() => _process!.Suspend();

    public void Resume() => _process!.Resume();

    public async Task RestartAsync()
    {
        _process!.Dispose();
        Start();
        await ReadyAsync();
    }

    public void Dispose() => _process?.Dispose();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
