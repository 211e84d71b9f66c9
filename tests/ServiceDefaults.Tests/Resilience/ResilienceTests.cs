using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Platform.Testing;
using Polly.CircuitBreaker;
using Polly.Timeout;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Resilience;

public sealed class ResilienceTests
{
    private static readonly KeyValuePair<string, string?>[] Fast =
        [new("Resilience:RetryDelaySeconds", "0.005"), new("Resilience:BreakerMinimumRequests", "1000")];

    [Theory]
    [InlineData("GET", 503)]
    [InlineData("HEAD", 502)]
    [InlineData("PUT", 504)]
    [InlineData("DELETE", 429)]
    [InlineData("OPTIONS", 408)]
    public async Task Send_IdempotentAndPassingFailure_IsSentAgain(string method, int status)
    {
        await using Upstream upstream = await Upstream.StartAsync(status, status, 200);
        await using WebApplication app = Build(Fast);
        using HttpRequestMessage request = new(new HttpMethod(method), upstream.Address);
        Assert.Equal(HttpStatusCode.OK, (await Client(app).SendAsync(request)).StatusCode);
        Assert.Equal(3, upstream.Requests.Count);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task Send_NotIdempotent_IsSentOnce(string method)
    {
        await using Upstream upstream = await Upstream.StartAsync(503, 200);
        await using WebApplication app = Build(Fast);
        using HttpRequestMessage request = new(new HttpMethod(method), upstream.Address);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Client(app).SendAsync(request)).StatusCode);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Post_MarkedRepeatable_IsSentAgainWithItsBody()
    {
        await using Upstream upstream = await Upstream.StartAsync(503, 200);
        await using WebApplication app = Build(Fast);
        using HttpRequestMessage request = new HttpRequestMessage(HttpMethod.Post, upstream.Address) { Content = new StringContent("hello") }.AllowRetry();
        Assert.Equal(HttpStatusCode.OK, (await Client(app).SendAsync(request)).StatusCode);
        Assert.Equal(["hello", "hello"], upstream.Requests.Select(static one => one.Body));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(409)]
    public async Task Get_LastingFailure_IsSentOnce(int status)
    {
        await using Upstream upstream = await Upstream.StartAsync(status, 200);
        await using WebApplication app = Build(Fast);
        Assert.Equal((HttpStatusCode)status, (await Client(app).GetAsync(upstream.Address)).StatusCode);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Get_RetryAfterLongerThanWorthwhile_GivesUpAtOnce()
    {
        await using Upstream upstream = await Upstream.StartAsync(static (_, context) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        await using WebApplication app = Build(Fast);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Client(app).GetAsync(upstream.Address)).StatusCode);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Get_RetryAfterOneSecond_Waits()
    {
        List<long> times = [];
        await using Upstream upstream = await Upstream.StartAsync((turn, context) =>
        {
            times.Add(TimeProvider.System.GetTimestamp());
            context.Response.StatusCode = turn == 1 ? 503 : 200;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        });
        await using WebApplication app = Build(Fast);
        Assert.Equal(HttpStatusCode.OK, (await Client(app).GetAsync(upstream.Address)).StatusCode);
        Assert.True(TimeProvider.System.GetElapsedTime(times[0], times[1]) >= TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task Get_TargetStaysDown_RetriesStayWithinTheBudget()
    {
        const int requests = 100;
        await using Upstream upstream = await Upstream.StartAsync(503);
        await using WebApplication app = Build([.. Fast, new("Resilience:RetryBudgetRatio", "0.2"), new("Resilience:RetryBudgetBurst", "5")]);
        for (int turn = 0; turn < requests; turn++)
        {
            await Client(app).GetAsync(upstream.Address);
        }

        int retries = upstream.Requests.Count - requests;
        Assert.InRange(retries, 15, 20 + 5);
    }

    [Fact]
    public async Task Get_TargetFails_OpensTheCircuitForThatTargetAlone()
    {
        await using Upstream broken = await Upstream.StartAsync(503);
        await using Upstream healthy = await Upstream.StartAsync(200);
        await using WebApplication app = Build([new("Resilience:Retries", "0"), new("Resilience:BreakerMinimumRequests", "4"), new("Resilience:BreakerOpenSeconds", "60")]);
        for (int turn = 0; turn < 4; turn++)
        {
            await Client(app).GetAsync(broken.Address);
        }

        await Assert.ThrowsAsync<BrokenCircuitException>(() => Client(app).GetAsync(broken.Address));
        Assert.Equal(4, broken.Requests.Count);
        Assert.Equal(HttpStatusCode.OK, (await Client(app).GetAsync(healthy.Address)).StatusCode);
    }

    [Fact]
    public async Task Get_CircuitWasOpen_ClosesWhenTheTargetIsBack()
    {
        int status = 503;
        await using Upstream upstream = await Upstream.StartAsync((_, context) =>
        {
            context.Response.StatusCode = Volatile.Read(ref status);
            return Task.CompletedTask;
        });
        await using WebApplication app = Build([new("Resilience:Retries", "0"), new("Resilience:BreakerMinimumRequests", "2"), new("Resilience:BreakerOpenSeconds", "0.5")]);
        await Client(app).GetAsync(upstream.Address);
        await Client(app).GetAsync(upstream.Address);
        await Assert.ThrowsAsync<BrokenCircuitException>(() => Client(app).GetAsync(upstream.Address));
        Volatile.Write(ref status, 200);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await Client(app).GetAsync(upstream.Address)).IsSuccessStatusCode;
            }
            catch (BrokenCircuitException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Get_TargetHangs_EndsWithTheAttemptTimeout()
    {
        await using Upstream upstream = await Upstream.StartAsync(static (_, context) => Hanging.UntilAsync(context.RequestAborted));
        await using WebApplication app = Build([new("Resilience:AttemptTimeoutSeconds", "0.2"), new("Resilience:Retries", "0")]);
        await Assert.ThrowsAsync<TimeoutRejectedException>(() => Client(app).GetAsync(upstream.Address));
    }

    [Fact]
    public async Task Get_NamedClientWithOwnOptions_DiffersFromTheDefault()
    {
        await using Upstream upstream = await Upstream.StartAsync(503);
        await using WebApplication app = Build([.. Fast, new("Resilience:Clients:webhooks:Retries", "0")]);
        await app.Services.GetRequiredService<IHttpClientFactory>().CreateClient("webhooks").GetAsync(upstream.Address);
        Assert.Single(upstream.Requests);
        await Client(app).GetAsync(upstream.Address);
        Assert.True(upstream.Requests.Count > 2);
    }

    [Fact]
    public async Task Get_NobodyListens_FailsAsRefusedAfterRetries()
    {
        await using WebApplication app = Build(Fast);
        HttpRequestException fault = await Assert.ThrowsAsync<HttpRequestException>(() => Client(app).GetAsync($"http://127.0.0.1:{RunningService.FreePort()}"));
        Assert.IsType<SocketException>(fault.InnerException);
    }

    private static HttpClient Client(WebApplication app) => app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

    private static WebApplication Build(IEnumerable<KeyValuePair<string, string?>> settings) =>
        RunningService.Build(configure: null, map: null, settings).App;
}
