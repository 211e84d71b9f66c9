using System.Net;
using System.Net.Http.Json;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Platform.Testing;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

public sealed class UpstreamFailureTests(PlatformServers servers) : IAsyncLifetime
{
    private const string Devices = "/api/v1/devices";

    private Surroundings _around = null!;

    public async ValueTask InitializeAsync() => _around = await Surroundings.StartAsync(servers);

    public ValueTask DisposeAsync() => _around.DisposeAsync();

    [Fact]
    public async Task Service_ThatIsDown_Gives503AndIsBackWhenItListens()
    {
        var gateway = await _around.StartGatewayAsync();
        await _around.Device.StopAsync();

        var answer = await gateway.GetAsync(Devices, Token);
        await answer.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_unavailable");
        Assert.NotNull(answer.Headers.RetryAfter);

        await _around.Device.StartAsync();
        await Eventually.Async(async () => (await gateway.GetAsync(Devices, Token)).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(10), "it did not come back");
    }

    [Fact]
    public async Task Service_ThatHangs_Gives504AtTheDeadline()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Proxying:Deadline", "00:00:00.500")]);
        _around.Device.Answer = static context => Hanging.UntilAsync(context.RequestAborted);

        await (await gateway.GetAsync(Devices, Token)).MustBeProblemAsync(HttpStatusCode.GatewayTimeout, "upstream_timeout");
    }

    [Fact]
    public async Task Service_ThatAnswersSlowlyButBegins_IsNotCut()
    {
        var gateway = await _around.StartGatewayAsync(changes: [("Proxying:Deadline", "00:00:00.300")]);
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        _around.Device.Answer = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("/silent", StringComparison.Ordinal))
            {
                await Hanging.UntilAsync(context.RequestAborted);
            }

            await context.Response.WriteAsync("begun ");
            await context.Response.Body.FlushAsync();
            begun.TrySetResult();
            await end.Task;
            await context.Response.WriteAsync("ended");
        };

        var slow = gateway.GetAsync(Devices, Token);
        await begun.Task;

        // Sent after the slow one had begun: when this one's deadline has cut it, the slow one's has long passed.
        await (await gateway.GetAsync($"{Devices}/silent", Token)).MustBeProblemAsync(HttpStatusCode.GatewayTimeout, "upstream_timeout");
        end.SetResult();

        Assert.Equal("begun ended", await (await slow).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Service_ThatResetsAPost_Gives502AndIsNotAskedAgain()
    {
        var gateway = await _around.StartGatewayAsync();
        _around.Device.Answer = static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        var answer = await gateway.SendAsync(HttpMethod.Post, Devices, Token, JsonContent.Create(new { }));

        await answer.MustBeProblemAsync(HttpStatusCode.BadGateway, "upstream_failed");
        Assert.Single(_around.Device.Arrivals);
    }

    [Fact]
    public async Task Service_ThatBreaksOffItsAnswer_BreaksOffTheClientsToo()
    {
        var gateway = await _around.StartGatewayAsync();
        TaskCompletionSource begun = new();
        _around.Device.Answer = async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("part");
            await context.Response.Body.FlushAsync();
            await begun.Task;
            context.Abort();
        };

        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using HttpRequestMessage request = new(HttpMethod.Get, Devices) { Headers = { Authorization = new("Bearer", Token) } };
            using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            begun.SetResult();
            await answer.Content.ReadAsByteArrayAsync();
        });
    }

    [Fact]
    public async Task Get_ThatFailsOnce_IsSentAgain()
    {
        var gateway = await _around.StartGatewayAsync();
        var failed = 0;
        _around.Device.Answer = context =>
        {
            if (Interlocked.Increment(ref failed) == 1)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return Service.EchoAsync(context);
        };

        await (await gateway.GetAsync(Devices, Token)).MustHaveArrivedAsync();
        Assert.Equal(2, _around.Device.Arrivals.Count);
    }

    [Fact]
    public async Task Get_WithOneReplicaDown_AlwaysReachesTheOther()
    {
        await using var dead = await Service.StartAsync("dead");
        var gateway = await _around.StartGatewayAsync(changes: [("services:device:http:1", dead.Url), ("Proxying:RetryBurst", "1000")]);
        await dead.StopAsync();

        for (var count = 0; count < 40; count++)
        {
            Assert.Equal("device", (await (await gateway.GetAsync(Devices, Token)).MustHaveArrivedAsync()).Service);
        }
    }

    [Fact]
    public async Task Retries_OfAServiceInTrouble_StayWithinTheBudget()
    {
        // No circuit, so that the budget alone is seen: a burst of 5, then one in ten.
        var gateway = await _around.StartGatewayAsync(
            changes: [("Proxying:RetryBurst", "5"), ("Proxying:RetryShare", "0.1"), ("Proxying:CircuitFailures", "1000")]);
        _around.Device.Answer = static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        for (var count = 0; count < 50; count++)
        {
            await (await gateway.GetAsync(Devices, Token)).MustBeProblemAsync(HttpStatusCode.BadGateway, "upstream_failed");
        }

        Assert.InRange(_around.Device.Arrivals.Count, 50 + 5, 50 + 5 + 5);
    }

    [Fact]
    public async Task Circuit_AfterFailuresInARow_AnswersAtOnceAndClosesAfterThePause()
    {
        var gateway = await _around.StartGatewayAsync(
            changes: [("Proxying:CircuitFailures", "3"), ("Proxying:CircuitPause", "00:00:01"), ("Proxying:Attempts", "1")]);
        _around.Device.Answer = static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        for (var count = 0; count < 3; count++)
        {
            await (await gateway.GetAsync(Devices, Token)).MustBeProblemAsync(HttpStatusCode.BadGateway, "upstream_failed");
        }

        await Eventually.Async(
            async () => (await gateway.GetAsync(Devices, Token)).StatusCode == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5), "the circuit did not open");
        var asked = _around.Device.Arrivals.Count;
        await (await gateway.GetAsync(Devices, Token)).MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_unavailable");
        Assert.Equal(asked, _around.Device.Arrivals.Count);

        _around.Device.Answer = null;
        await Eventually.Async(
            async () => (await gateway.GetAsync(Devices, Token)).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(10), "the circuit did not close");
    }

    private string Token => _around.Issuer.User(Scopes.DevicesRead, Scopes.DevicesWrite);
}
