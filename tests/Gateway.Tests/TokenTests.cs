using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class TokenTests(SharedGateway shared)
{
    private const string Me = "/api/v1/auth/me";

    private readonly GatewayHost _gateway = shared.Gateway;
    private readonly Issuer _issuer = shared.Around.Issuer;

    [Fact]
    public async Task Get_WithoutToken_IsChallenged()
    {
        var answer = await _gateway.GetAsync(Me);

        await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal("Bearer realm=\"platform\"", answer.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Get_WithARightToken_PassesItOnUnchanged()
    {
        var token = _issuer.User();

        var first = await (await _gateway.GetAsync(Me, token)).MustHaveArrivedAsync();
        var second = await (await _gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        Assert.Equal($"Bearer {token}", first.Headers["Authorization"]);
        Assert.Equal($"Bearer {token}", second.Headers["Authorization"]);
    }

    [Fact]
    public async Task Get_WithATokenOfAnEllipticKey_Passes()
    {
        _issuer.AddKey("elliptic", elliptic: true);

        await (await _gateway.GetAsync(Me, _issuer.Token([Scopes.IdentitySelf], keyId: "elliptic"))).MustHaveArrivedAsync();
    }

    public static TheoryData<string> BadTokens => [.. Bad.Keys];

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task Get_WithABadToken_IsRefused(string kind)
    {
        var answer = await _gateway.GetAsync(Me, Bad[kind](_issuer));

        await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Contains("error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithATokenThatExpiresWhileCached_IsRefusedFromThenOn()
    {
        // Expired by now, and forgiven by the clock skew of 5 s for another second or so.
        var token = _issuer.Token([Scopes.IdentitySelf], claims => claims["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 3);
        await (await _gateway.GetAsync(Me, token)).MustHaveArrivedAsync();

        await Eventually.Async(
            async () => (await _gateway.GetAsync(Me, token)).StatusCode == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(5), "the cached token stayed good after its end");
    }

    [Fact]
    public async Task Get_WithoutTheScope_IsForbiddenAndNamesIt()
    {
        var answer = await _gateway.GetAsync("/api/v1/admin/users", _issuer.User(Scopes.IdentitySelf));

        await answer.MustBeProblemAsync(HttpStatusCode.Forbidden, "insufficient_scope");
        Assert.Contains("scope=\"identity:admin\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/auth/login")]
    [InlineData(Me)]
    public async Task Request_WithTwoAuthorizationHeaders_IsRefusedEverywhere(string path)
    {
        using HttpRequestMessage request = new(path == Me ? HttpMethod.Get : HttpMethod.Post, path);
        using RawConnection raw = await RawConnection.OpenAsync(_gateway.Address);

        var answer = await raw.SendAsync(
            $"{request.Method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_issuer.User()}\r\nAuthorization: Bearer {_issuer.User()}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 401", answer, StringComparison.Ordinal);
        Assert.Contains("There must be one Authorization header.", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WithAnApiKey_IsRefusedEvenBesideAToken()
    {
        var answer = await _gateway.SendAsync(HttpMethod.Get, Me, _issuer.User(), null, ("X-API-Key", "k"));

        await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_api_key");
        Assert.NotEmpty(answer.Headers.WwwAuthenticate);
    }

    [Fact]
    public async Task AnonymousRoute_WithABadToken_PassesWithoutIt()
    {
        var expired = _issuer.Token([Scopes.IdentitySelf], claims => claims["exp"] = 1000);

        var arrived = await (await _gateway.SendAsync(HttpMethod.Post, "/api/v1/auth/refresh", expired)).MustHaveArrivedAsync();

        Assert.DoesNotContain("Authorization", arrived.Headers.Keys);
    }

    [Fact]
    public async Task AnonymousRoute_WithAGoodTokenOrBasicCredentials_PassesWithThem()
    {
        var token = _issuer.User();
        var withToken = await (await _gateway.GetAsync("/connect/userinfo", token)).MustHaveArrivedAsync();
        Assert.Equal($"Bearer {token}", withToken.Headers["Authorization"]);

        var withBasic = await (await _gateway.SendAsync(
            HttpMethod.Post, "/connect/token", null, null, ("Authorization", "Basic Y2xpZW50OnNlY3JldA=="))).MustHaveArrivedAsync();
        Assert.Equal("Basic Y2xpZW50OnNlY3JldA==", withBasic.Headers["Authorization"]);
    }

    private static readonly Dictionary<string, Func<Issuer, string>> Bad = new(StringComparer.Ordinal)
    {
        ["not a token"] = static _ => "abc",
        ["algorithm none"] = static issuer => Unsigned(issuer),
        ["algorithm HS256 with the public key's id"] = static issuer => Hmac(),
        ["tampered claims"] = static issuer => Tampered(issuer),
        ["signature of another key"] = static issuer => ForeignKey(),
        ["key nobody published"] = static issuer =>
        {
            issuer.AddKey("unpublished", published: false);
            return issuer.Token([Scopes.IdentitySelf], keyId: "unpublished");
        },
        ["expired"] = static issuer => issuer.Token([Scopes.IdentitySelf], claims => claims["exp"] = 1000),
        ["not yet valid"] = static issuer => issuer.Token([Scopes.IdentitySelf], claims => claims["nbf"] = 4_000_000_000),
        ["other issuer"] = static issuer => issuer.Token([Scopes.IdentitySelf], claims => claims["iss"] = "https://elsewhere.test"),
        ["other audience"] = static issuer => issuer.Token([Scopes.IdentitySelf], claims => claims["aud"] = "elsewhere"),
        ["id token"] = static issuer => issuer.Token([Scopes.IdentitySelf], header: header => header["typ"] = "JWT"),
        ["no type"] = static issuer => issuer.Token([Scopes.IdentitySelf], header: header => header.Remove("typ")),
        ["critical extension"] = static issuer => issuer.Token([Scopes.IdentitySelf], header: header => header["crit"] = new JsonArray("x")),
        ["no tenant"] = static issuer => issuer.Token([Scopes.IdentitySelf], claims => claims.Remove("tid")),
        ["padding"] = static issuer => issuer.User() + "=",
        ["oversize"] = static issuer => issuer.Token([Scopes.IdentitySelf], claims => claims["name"] = new string('a', 9000)),
    };

    private static string Unsigned(Issuer issuer)
    {
        _ = issuer;
        JsonObject header = new() { ["alg"] = "none", ["typ"] = "at+jwt", ["kid"] = "first" };
        return $"{Issuer.Encode(header)}.{Issuer.Encode(Issuer.Claims(Scopes.IdentitySelf))}.";
    }

    private static string Hmac()
    {
        JsonObject header = new() { ["alg"] = "HS256", ["typ"] = "at+jwt", ["kid"] = "first" };
        var signed = $"{Issuer.Encode(header)}.{Issuer.Encode(Issuer.Claims(Scopes.IdentitySelf))}";
        return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData("first"u8, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Tampered(Issuer issuer)
    {
        var parts = issuer.User().Split('.');
        return $"{parts[0]}.{Issuer.Encode(Issuer.Claims(Scopes.IdentityAdmin))}.{parts[2]}";
    }

    private static string ForeignKey()
    {
        using Issuer other = new();
        return other.User();
    }
}
