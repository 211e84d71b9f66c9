using System.Net;
using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

public sealed class DestinationTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Devices = "/api/v1/devices";
    private const string Cluster = "ReverseProxy:Clusters:device:Destinations";

    private Surroundings _around = null!;

    public async ValueTask InitializeAsync() => _around = await Surroundings.StartAsync(servers);

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Replicas_OfAService_ShareTheRequests()
    {
        await using var second = await Service.StartAsync("second");
        var gateway = await _around.StartGatewayAsync(changes: [("services:device:http:1", second.Url)]);

        var count = await CountAsync(gateway, 100);

        Assert.InRange(count["device"], 25, 75);
        Assert.InRange(count["second"], 25, 75);
    }

    [Fact]
    public async Task Canary_WithASmallWeight_GetsItsShareHoweverManyReplicasTheRestHas()
    {
        await using var second = await Service.StartAsync("second");
        await using var canary = await Service.StartAsync("canary");
        var gateway = await _around.StartGatewayAsync(changes:
        [
            ("services:device:http:1", second.Url),
            ("services:device-canary:http:0", canary.Url),
            ($"{Cluster}:device:Metadata:Weight", "80"),
            ($"{Cluster}:canary:Address", "http://device-canary"),
            ($"{Cluster}:canary:Metadata:Weight", "20"),
        ]);

        var count = await CountAsync(gateway, 400);

        // 20 % of 400 is 80; six standard deviations are 48.
        Assert.InRange(count["canary"], 32, 128);
        Assert.InRange(count["device"], 100, 220);
    }

    [Fact]
    public async Task Reload_OfEndpointsAndRoutesUnderLoad_DropsNoRequest()
    {
        await using var second = await Service.StartAsync("second");
        var gateway = await _around.StartGatewayAsync();
        using CancellationTokenSource stop = new();
        List<HttpStatusCode> failed = [];
        HashSet<string> reached = [];
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var answer = await gateway.GetAsync(Devices, _around.Issuer.User(Scopes.DevicesRead));
                var service = answer.IsSuccessStatusCode ? (await answer.MustHaveArrivedAsync()).Service : "";
                lock (failed)
                {
                    reached.Add(service);
                    if (!answer.IsSuccessStatusCode)
                    {
                        failed.Add(answer.StatusCode);
                    }
                }
            }
        })).ToArray();

        gateway.Change(("services:device:http:0", second.Url));
        await Eventually.Async(() => { lock (failed) { return reached.Contains("second"); } }, TimeSpan.FromSeconds(10), "the new endpoint was not taken");
        gateway.Change(
            ("ReverseProxy:Routes:new:ClusterId", "audit"),
            ("ReverseProxy:Routes:new:Match:Path", "/api/v1/new"),
            ("ReverseProxy:Routes:new:Metadata:Access", "anonymous"));
        await Eventually.Async(async () => (await gateway.GetAsync("/api/v1/new")).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(10), "the new route was not taken");
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.Empty(failed);
    }

    [Fact]
    public async Task Reload_WithARouteThatSaysNotWhoMayUseIt_IsRefusedAsAWhole()
    {
        var gateway = await _around.StartGatewayAsync();

        gateway.Change(("ReverseProxy:Routes:open:ClusterId", "audit"), ("ReverseProxy:Routes:open:Match:Path", "/open"));
        gateway.Change(("services:unrelated:http:0", "http://127.0.0.1:9"));

        await (await gateway.GetAsync("/open")).MustBeProblemAsync(HttpStatusCode.NotFound, "route_not_found");
        await (await gateway.GetAsync(Devices, _around.Issuer.User(Scopes.DevicesRead))).MustHaveArrivedAsync();
    }

    [Theory]
    [InlineData("Metadata:Access", "everyone", "Access must be")]
    [InlineData("Metadata:Scopes", "devices:nonsense", "no scope of the platform")]
    [InlineData("Metadata:Scope", "x", "not known")]
    [InlineData("Metadata:Deadline", "soon", "Deadline must be")]
    [InlineData("AuthorizationPolicy", "default", "AuthorizationPolicy has no effect")]
    public async Task Start_WithAFaultyRoute_StopsAndNamesTheFault(string key, string value, string message)
    {
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => _around.StartGatewayAsync(changes: [($"ReverseProxy:Routes:devices-read:{key}", value)]));

        Assert.Contains("devices-read", fault.ToString(), StringComparison.Ordinal);
        Assert.Contains(message, fault.ToString(), StringComparison.Ordinal);
    }

    private async Task<Dictionary<string, int>> CountAsync(GatewayHost gateway, int requests)
    {
        Dictionary<string, int> count = new(StringComparer.Ordinal);
        var token = _around.Issuer.User(Scopes.DevicesRead);
        for (var request = 0; request < requests; request++)
        {
            var service = (await (await gateway.GetAsync(Devices, token)).MustHaveArrivedAsync()).Service;
            count[service] = count.GetValueOrDefault(service) + 1;
        }

        return count;
    }
}
