using System.Net;
using Gateway.Tests.Support;
using Platform.Testing;

namespace Gateway.Tests;

public sealed class KeyRolloverTests(PlatformServers servers)
{
    [Fact]
    public async Task Rollover_UnderLoad_RefusesNoGoodToken()
    {
        await using var around = await Surroundings.StartAsync(servers);
        var gateway = await around.StartGatewayAsync();
        var issuer = around.Issuer;
        await (await gateway.GetAsync("/api/v1/auth/me", issuer.User())).MustHaveArrivedAsync();
        using CancellationTokenSource stop = new();
        List<HttpStatusCode> refused = [];
        var sent = 0;

        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var answer = await gateway.GetAsync("/api/v1/auth/me", issuer.User());
                Interlocked.Increment(ref sent);
                if (answer.StatusCode != HttpStatusCode.OK)
                {
                    lock (refused)
                    {
                        refused.Add(answer.StatusCode);
                    }
                }
            }
        })).ToArray();

        // Worst of cases: each key signs the instant it is published, twice within one pause between two reads.
        foreach (var key in (string[])["second", "third", "fourth"])
        {
            issuer.AddKey(key);
            issuer.Current = key;
            var before = Volatile.Read(ref sent);
            await Eventually.Async(() => Volatile.Read(ref sent) > before + 100, TimeSpan.FromSeconds(20), "no requests got through");
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.Empty(refused);
        Assert.InRange(issuer.Reads, 2, 8);
    }

    [Fact]
    public async Task IdentityAway_KnownKeysGoOnAndUnknownOnesGive503()
    {
        await using var around = await Surroundings.StartAsync(servers);
        var gateway = await around.StartGatewayAsync();
        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.User("devices:read"))).MustHaveArrivedAsync();
        await around.Identity.StopAsync();

        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.User("devices:read"))).MustHaveArrivedAsync();
        var signIn = await gateway.SendAsync(HttpMethod.Post, "/api/v1/auth/login");
        await signIn.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_unavailable");
        Assert.NotNull(signIn.Headers.RetryAfter);

        around.Issuer.AddKey("new");
        var unknown = await gateway.GetAsync("/api/v1/devices", around.Issuer.Token(["devices:read"], keyId: "new"));
        await unknown.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "authentication_unavailable");
    }

    [Fact]
    public async Task UnknownKeys_AFlood_MakeNoStormAndHoldUpNoGoodToken()
    {
        await using var around = await Surroundings.StartAsync(servers);
        var gateway = await around.StartGatewayAsync();
        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.User("devices:read"))).MustHaveArrivedAsync();
        var before = around.Issuer.Reads;
        var began = TimeProvider.System.GetTimestamp();

        var flood = Enumerable.Range(0, 300).Select(number => gateway.GetAsync(
            "/api/v1/devices", around.Issuer.Token(["devices:read"], header: header => header["kid"] = $"invented-{number}"))).ToArray();
        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.User("devices:read"))).MustHaveArrivedAsync();

        foreach (var answer in await Task.WhenAll(flood))
        {
            await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        }

        // One at once, and then one a second at most.
        Assert.InRange(around.Issuer.Reads - before, 1, 2 + (int)TimeProvider.System.GetElapsedTime(began).TotalSeconds);
    }

    [Theory]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"oct","k":"AAAA","kid":"first"}]}""")]
    [InlineData("not json")]
    public async Task KeySet_ThatIsNone_TakesNoKnownKeyAway(string keySet)
    {
        await using var around = await Surroundings.StartAsync(servers);
        var gateway = await around.StartGatewayAsync();
        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.User("devices:read"))).MustHaveArrivedAsync();
        around.Issuer.OtherKeySet = keySet;
        around.Issuer.AddKey("second");

        var unknown = await gateway.GetAsync("/api/v1/devices", around.Issuer.Token(["devices:read"], keyId: "second"));
        await unknown.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "authentication_unavailable");
        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.User("devices:read"))).MustHaveArrivedAsync();

        around.Issuer.OtherKeySet = null;
        await (await gateway.GetAsync("/api/v1/devices", around.Issuer.Token(["devices:read"], keyId: "second"))).MustHaveArrivedAsync();
    }
}
