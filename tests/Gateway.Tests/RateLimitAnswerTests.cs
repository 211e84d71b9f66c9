using System.Globalization;
using System.Net;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

/// <summary>What clients meet: which limits hold for whom, and what the answers say.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class RateLimitAnswerTests(SharedGateway shared)
{
    private const string Me = "/api/v1/auth/me";
    private const string Login = "/api/v1/auth/login";
    private const string Document = "/.well-known/openid-configuration";

    private static readonly (string, string?)[] BehindProxy =
        [("ForwardedHeaders:TrustedNetworks:0", "127.0.0.0/8"), ("ForwardedHeaders:TrustedNetworks:1", "::1/128")];

    private static int _next;

    private Issuer Issuer => shared.Around.Issuer;

    [Fact]
    public async Task Answers_UpToTheLimitAndBeyond_SayWhatIsLeftAndWhenToComeAgain()
    {
        var gateway = await StartAsync(("RateLimits:Policies:user:Permits", "3"));
        var token = Issuer.User();
        for (var left = 2; left >= 0; left--)
        {
            var answer = await gateway.GetAsync(Me, token);
            await answer.MustHaveArrivedAsync();
            Assert.Equal($"\"address\";q=1000000;w=1, \"user\";q=3;w=60, \"tenant\";q=1000000;w=1", Header(answer, "RateLimit-Policy"));
            Assert.Matches($"^\"user\";r={left};t=[1-6]?[0-9]$", Header(answer, "RateLimit"));
            Assert.Null(answer.Headers.RetryAfter);
        }

        var refused = await gateway.GetAsync(Me, token);

        var problem = await refused.MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.Equal("user", problem.GetProperty("policy").GetString());
        var wait = problem.GetProperty("retryAfter").GetInt32();
        Assert.InRange(wait, 50, 60);
        Assert.Equal(wait.ToString(CultureInfo.InvariantCulture), refused.Headers.GetValues("Retry-After").Single());
        Assert.Equal($"\"user\";r=0;t={wait}", Header(refused, "RateLimit"));
        await (await gateway.GetAsync(Me, Issuer.User())).MustHaveArrivedAsync(); // another person
    }

    [Theory]
    [InlineData("device", "sub", Scopes.DevicesSelf, "/api/v1/devices/7")]
    [InlineData("tenant", "tid", Scopes.IdentitySelf, Me)]
    [InlineData("api-key", "key_id", Scopes.IdentitySelf, Me)]
    [InlineData("user", "sub", Scopes.IdentitySelf, Me)]
    public async Task Policy_OfEachKind_CountsThatKindTogetherAndOthersApart(string policy, string claim, string scope, string path)
    {
        var gateway = await StartAsync(($"RateLimits:Policies:{policy}:Permits", "2"), ($"RateLimits:Policies:{policy}:Window", "01:00:00"));
        string Token(string value, string? tenant = null) => Issuer.Token([scope], claims =>
        {
            if (policy != "tenant")
            {
                claims["tid"] = tenant ?? "01a1fc85-8e76-73cf-9cc2-5b1b069740a6";
            }

            claims[claim] = value;
        });
        var (one, other) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());

        // Two tokens, one counter.
        await (await gateway.GetAsync(path, Token(one))).MustHaveArrivedAsync();
        await (await gateway.GetAsync(path, Token(one))).MustHaveArrivedAsync();
        var problem = await (await gateway.GetAsync(path, Token(one))).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.Equal(policy, problem.GetProperty("policy").GetString());

        await (await gateway.GetAsync(path, Token(other))).MustHaveArrivedAsync();
        if (claim == "sub")
        {
            await (await gateway.GetAsync(path, Token(one, Guid.CreateVersion7().ToString()))).MustHaveArrivedAsync(); // the same id in another tenant
        }
    }

    [Fact]
    public async Task ApiKey_WithALimitOfItsOwn_HasThatAMinuteAndNotItsOwnersLimit()
    {
        var gateway = await StartAsync(("RateLimits:Policies:user:Permits", "1"), ("RateLimits:Policies:api-key:Permits", "1"));
        var key = Guid.CreateVersion7().ToString();
        var issued = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60;
        string Token(int limit, int later = 0) => Issuer.Token(
            [Scopes.IdentitySelf], claims => (claims["key_id"], claims["key_limit"], claims["iat"]) = (key, limit, issued + later));
        for (var time = 0; time < 4; time++)
        {
            var answer = await gateway.GetAsync(Me, Token(4));
            await answer.MustHaveArrivedAsync();
            Assert.Contains("\"api-key\";q=4;w=60", Header(answer, "RateLimit-Policy"), StringComparison.Ordinal);
            Assert.DoesNotContain("user", Header(answer, "RateLimit-Policy"), StringComparison.Ordinal);
        }

        await (await gateway.GetAsync(Me, Token(4))).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");

        // Raised by its owner: two more, and an older token does not bring the older limit back.
        await (await gateway.GetAsync(Me, Token(6, later: 1))).MustHaveArrivedAsync();
        await (await gateway.GetAsync(Me, Token(4))).MustHaveArrivedAsync();
        await (await gateway.GetAsync(Me, Token(6, later: 1))).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
        await (await gateway.GetAsync(Me, Token(4))).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
    }

    [Fact]
    public async Task SignIn_IsLimitedTogetherOverItsRoutesAndOtherRoutesAreNot()
    {
        var gateway = await StartAsync(Limit("sign-in", 4));
        foreach (var path in (string[])["/api/v1/auth/register", Login, "/api/v1/auth/refresh", "/connect/token"])
        {
            await (await gateway.SendAsync(HttpMethod.Post, path)).MustHaveArrivedAsync();
        }

        foreach (var path in (string[])[Login, "/connect/token", "/account/sign-in"])
        {
            var problem = await (await gateway.SendAsync(HttpMethod.Post, path)).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
            Assert.Equal("sign-in", problem.GetProperty("policy").GetString());
        }

        await (await gateway.GetAsync("/connect/authorize")).MustHaveArrivedAsync();
        await (await gateway.GetAsync(Me, Issuer.User())).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task Address_IsLimitedBeforeTheTokenIsLookedAtAndWithoutARouteToo()
    {
        var gateway = await StartAsync(Limit("address", 3));
        var refused = await gateway.GetAsync(Me, "nonsense");
        await refused.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Matches("^\"address\";r=2;t=[0-9]+$", Header(refused, "RateLimit"));
        await (await gateway.GetAsync("/nothing")).MustBeProblemAsync(HttpStatusCode.NotFound, "route_not_found");
        await (await gateway.GetAsync(Document)).MustHaveArrivedAsync();

        await (await gateway.GetAsync(Me, "nonsense")).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
        await (await gateway.GetAsync("/nothing")).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
    }

    [Fact]
    public async Task Refused_ByOneLimit_IsNotChargedToTheOthers()
    {
        var gateway = await StartAsync([("RateLimits:Policies:user:Permits", "2"), .. Limit("address", 5)]);
        var token = Issuer.User();
        for (var time = 0; time < 20; time++)
        {
            var answer = await gateway.GetAsync(Me, token);
            Assert.Equal(time < 2 ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, answer.StatusCode);
        }

        for (var left = 2; left >= 0; left--)
        {
            await (await gateway.GetAsync(Document)).MustHaveArrivedAsync();
        }

        await (await gateway.GetAsync(Document)).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
    }

    [Fact]
    public async Task Route_CanAddPoliciesTakeThemOffOrHaveNone()
    {
        var gateway = await StartAsync(
            ("RateLimits:Policies:uploads:Partition", "User"), ("RateLimits:Policies:uploads:Permits", "1"), ("RateLimits:Policies:uploads:Window", "00:10:00"),
            ("ReverseProxy:Routes:bundles-write:Metadata:RateLimits", "-address -user -tenant uploads"),
            ("ReverseProxy:Routes:bundles-read:Metadata:RateLimits", "none"));
        var token = Issuer.User(Scopes.DevicesWrite);
        const string Bundle = "/api/v1/bundles/1";

        var answer = await gateway.SendAsync(HttpMethod.Put, Bundle, token);
        await answer.MustHaveArrivedAsync();
        Assert.Equal("\"uploads\";q=1;w=600", Header(answer, "RateLimit-Policy"));
        await (await gateway.SendAsync(HttpMethod.Put, Bundle, token)).MustBeProblemAsync(HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.False((await gateway.GetAsync(Bundle, token)).Headers.Contains("RateLimit"));
    }

    [Fact]
    public async Task Address_SaidByAClientThatIsNoTrustedProxy_DoesNotChooseItsCounter()
    {
        var gateway = await StartAsync(Limit("sign-in", 3));
        List<HttpStatusCode> statuses = [];
        for (var host = 1; host <= 6; host++)
        {
            statuses.Add((await gateway.SendAsync(HttpMethod.Post, Login, headers: ("X-Forwarded-For", $"192.0.2.{host}"))).StatusCode);
        }

        Assert.Equal(3, statuses.Count(status => status == HttpStatusCode.OK));
    }

    [Fact]
    public async Task Address_SaidByATrustedProxy_IsTheClientAndWhatTheClientSaidBeforeIsNot()
    {
        var gateway = await StartAsync([.. Limit("sign-in", 2), .. BehindProxy]);
        async Task<HttpStatusCode> FromAsync(string forwarded) => (await gateway.SendAsync(HttpMethod.Post, Login, headers: ("X-Forwarded-For", forwarded))).StatusCode;

        Assert.Equal(HttpStatusCode.OK, await FromAsync("192.0.2.1"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("198.51.100.7, 192.0.2.1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await FromAsync("198.51.100.8, 192.0.2.1"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("192.0.2.2"));

        Assert.Equal(HttpStatusCode.OK, await FromAsync("2001:db8:1:2::1"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("2001:db8:1:2:ffff::9"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await FromAsync("2001:db8:1:2::abc"));
        Assert.Equal(HttpStatusCode.OK, await FromAsync("2001:db8:1:3::1"));
    }

    [Fact]
    public async Task Headers_AreReadableForPagesOfOtherOrigins()
    {
        var gateway = await StartAsync(("Cors:Origins:0", "https://console.example.com"), ("RateLimits:Policies:user:Permits", "1"));
        var token = Issuer.User();
        await gateway.SendAsync(HttpMethod.Get, Me, token, null, ("Origin", "https://console.example.com"));
        var refused = await gateway.SendAsync(HttpMethod.Get, Me, token, null, ("Origin", "https://console.example.com"));

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var exposed = string.Join(',', refused.Headers.GetValues("Access-Control-Expose-Headers")).Split(',', StringSplitOptions.TrimEntries);
        Assert.Superset(new HashSet<string> { "Idempotency-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After" }, exposed.ToHashSet());
    }

    [Fact]
    public async Task ServiceThatSendsItsOwn_IsOverruled()
    {
        var gateway = await StartAsync();
        shared.Around.Notification.Answer = async context =>
        {
            context.Response.Headers["RateLimit"] = "\"theirs\";r=1";
            await Service.EchoAsync(context);
        };
        var answer = await gateway.GetAsync("/api/v1/notifications", Issuer.User());
        shared.Around.Notification.Answer = null;

        Assert.DoesNotContain("theirs", Header(answer, "RateLimit"), StringComparison.Ordinal);
    }

    // What is told of shared limits holds while Redis answers, and a busy machine can make it slow.
    private async Task<GatewayHost> StartAsync(params (string, string?)[] changes) =>
        await shared.Around.StartGatewayAsync(changes: [("RateLimits:Patience", "00:00:10"), .. changes]);

    /// <summary>All tests come from one address and share Redis; a window of its own lets this one count by itself.</summary>
    private static (string, string?)[] Limit(string policy, int permits) =>
    [
        ($"RateLimits:Policies:{policy}:Permits", permits.ToString(CultureInfo.InvariantCulture)),
        ($"RateLimits:Policies:{policy}:Window", TimeSpan.FromSeconds(3600 + Interlocked.Increment(ref _next)).ToString()),
    ];

    private static string Header(HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));
}
