using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Discovery;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Discovery;

public sealed class DiscoveryTests
{
    [Fact]
    public async Task Get_ServiceNameWithTwoEndpoints_TakesTurns()
    {
        await using Upstream first = await Upstream.StartAsync(200);
        await using Upstream second = await Upstream.StartAsync(200);
        await using WebApplication app = Build([new("services:identity:http:0", first.Address), new("services:identity:http:1", second.Address)]);
        HttpClient client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        for (int turn = 0; turn < 4; turn++)
        {
            await client.GetAsync("http://identity/users/7?full=true");
        }

        Assert.Equal(2, first.Requests.Count);
        Assert.Equal(2, second.Requests.Count);
        Assert.All(first.Requests, static request => Assert.Equal("/users/7?full=true", request.Path));
    }

    [Fact]
    public async Task Get_ConfigurationChanges_FollowsAtOnce()
    {
        await using Upstream first = await Upstream.StartAsync(200);
        await using Upstream second = await Upstream.StartAsync(200);
        await using WebApplication app = Build([new("services:identity:http:0", first.Address)]);
        HttpClient client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient("named");
        await client.GetAsync("http://identity/");

        int changes = 0;
        using IDisposable watch = app.Services.GetRequiredService<ServiceEndpoints>().OnChange(() => changes++);
        app.Configuration["services:identity:http:0"] = second.Address;
        ((IConfigurationRoot)app.Configuration).Reload();
        await client.GetAsync("http://identity/");
        Assert.Single(first.Requests);
        Assert.Single(second.Requests);
        Assert.True(changes > 0);
    }

    [Fact]
    public async Task Get_FirstEndpointIsDown_RetriesOnTheOther()
    {
        await using Upstream up = await Upstream.StartAsync(200);
        await using WebApplication app = Build(
        [
            new("services:identity:http:0", $"http://127.0.0.1:{RunningService.FreePort()}"), new("services:identity:http:1", up.Address),
        ]);
        HttpResponseMessage answer = await app.Services.GetRequiredService<IHttpClientFactory>().CreateClient().GetAsync("http://identity/");
        Assert.True(answer.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Get_InsideARequest_PropagatesTraceAndRequestId()
    {
        await using Upstream upstream = await Upstream.StartAsync(200);
        await using RunningService service = await RunningService.StartAsync(
            map: static app => app.MapGet("/", static async (IHttpClientFactory clients) => (int)(await clients.CreateClient().GetAsync("http://identity/")).StatusCode),
            settings: [new("services:identity:http:0", upstream.Address)]);
        const string trace = "1af7651916cd43dd8448eb211c80319c";
        using HttpRequestMessage request = new(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        request.Headers.Add("X-Request-Id", "request-9");
        await service.Public.SendAsync(request);

        IHeaderDictionary seen = Assert.Single(upstream.Requests).Headers;
        Assert.StartsWith($"00-{trace}-", seen.TraceParent.ToString(), StringComparison.Ordinal);
        Assert.Equal("request-9", seen["X-Request-Id"].ToString());
    }

    [Fact]
    public async Task Find_HttpsPreferred_FallsBackToHttp()
    {
        await using WebApplication app = Build(
        [
            new("services:a:http:0", "http://one:1"), new("services:a:https:0", "https://two:2"),
            new("services:b:http:0", "http://three:3"), new("services:b:http:1", "not an address"),
        ]);
        ServiceEndpoints endpoints = app.Services.GetRequiredService<ServiceEndpoints>();
        Assert.Equal("https://two:2/", endpoints.Find("a", "https+http").Single().AbsoluteUri);
        Assert.Equal("http://three:3/", endpoints.Find("b", "https+http").Single().AbsoluteUri);
        Assert.Empty(endpoints.Find("c"));
        Assert.Null(endpoints.Next("c"));
    }

    [Theory]
    [InlineData("http://identity/a?b=c", "http://10.0.0.1:5001", "http://10.0.0.1:5001/a?b=c")]
    [InlineData("https+http://identity/a", "https://host:444/base/", "https://host:444/base/a")]
    public void Resolve_OfEndpoint_KeepsPathAndQuery(string asked, string endpoint, string resolved) =>
        Assert.Equal(resolved, DiscoveryHandler.Resolve(new Uri(asked), new Uri(endpoint)).AbsoluteUri);

    private static WebApplication Build(IEnumerable<KeyValuePair<string, string?>> settings) =>
        RunningService.Build(configure: null, map: null, settings).App;
}
