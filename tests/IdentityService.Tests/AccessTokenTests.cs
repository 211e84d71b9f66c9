using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using IdentityService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class AccessTokenTests(IdentityApi api)
{
    [Fact]
    public async Task Token_OfASignIn_HasTheShapeOfRfc9068()
    {
        var person = await api.SignedInAsync();

        var header = Jwt.Header(person.AccessToken);
        Assert.Equal(["alg", "kid", "typ"], header.EnumerateObject().Select(one => one.Name).Order());
        Assert.Equal("RS256", header.Text("alg"));
        Assert.Equal("at+jwt", header.Text("typ"));
        var claims = Jwt.Claims(person.AccessToken);
        Assert.Equal(
            ["acr", "amr", "aud", "auth_time", "client_id", "epoch", "exp", "iat", "iss", "jti", "name", "roles", "scope", "sid", "sub", "tid"],
            claims.EnumerateObject().Select(one => one.Name).Order());
        Assert.Equal("https://platform.test", claims.Text("iss"));
        Assert.Equal("platform", claims.Text("aud"));
        Assert.Equal(person.Id.ToString(), claims.Text("sub"));
        Assert.Equal(Tenants.Default.ToString(), claims.Text("tid"));
        Assert.Equal(900, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
    }

    [Fact]
    public async Task Token_OfASignIn_IsValidForTheSharedValidatorByThePublishedKeys()
    {
        var person = await api.SignedInAsync();
        var validator = api.Host.Services.GetRequiredService<AccessTokenValidator>();

        var result = await validator.ValidateAsync(person.AccessToken, TestContext.Current.CancellationToken);

        Assert.Null(result.Refusal);
        Assert.Equal(person.UserName, result.Token!.Name);
        Assert.Equal(["identity:self"], result.Token.Scopes);
        var keys = await (await api.Http.GetAsync("/.well-known/jwks.json")).BodyAsync(HttpStatusCode.OK);
        var jwk = keys.GetProperty("keys").EnumerateArray().Single(one => one.Text("kid") == Jwt.Header(person.AccessToken).Text("kid"));
        Assert.True(CompactJws.TryParse(person.AccessToken, out var jws));
        Assert.True(VerificationKey.FromJwk(jwk)!.Verifies(jws));
    }

    [Fact]
    public async Task Token_EveryTime_HasAnIdOfItsOwn()
    {
        var person = await api.SignedInAsync();
        var first = Jwt.Claims(person.AccessToken).Text("jti");
        await person.RefreshAsync();

        Assert.NotEqual(first, Jwt.Claims(person.AccessToken).Text("jti"));
    }

    [Fact]
    public async Task Ask_WithABadToken_IsUnauthorized()
    {
        var person = await api.SignedInAsync();
        foreach (var bad in BadTokens(person.AccessToken))
        {
            using var answer = await person.TryMeAsync(bad);
            Assert.Equal("invalid_token", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
            Assert.Contains("error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ask_WithAnExpiredToken_IsUnauthorized()
    {
        var time = new ShiftedTime();
        time.Freeze();
        await using var host = IdentityHost.Start(await api.NewBackingAsync(), time, IdentityHost.FastHashes);
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();

        time.Advance(TimeSpan.FromSeconds(899));
        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync()).StatusCode);
        time.Advance(TimeSpan.FromSeconds(7));
        using var answer = await person.TryMeAsync();
        Assert.Equal("invalid_token", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    private static IEnumerable<string> BadTokens(string good)
    {
        var parts = good.Split('.');
        var header = JsonNode.Parse(Jwt.Header(good).GetRawText())!.AsObject();
        var claims = JsonNode.Parse(Jwt.Claims(good).GetRawText())!.AsObject();
        using var foreign = RSA.Create(2048);
        var admin = claims.DeepClone().AsObject();
        admin["scope"] = "identity:self platform:admin";

        yield return "nonsense";
        yield return $"{parts[0]}.{Jwt.Encode(admin.ToJsonString())}.{parts[2]}";
        yield return $"{Jwt.Encode("""{"alg":"none","typ":"at+jwt"}""")}.{parts[1]}.";
        yield return $"{Jwt.Encode("""{"alg":"none","typ":"at+jwt"}""")}.{parts[1]}.{parts[2]}";
        yield return Jwt.Sign(header.DeepClone().AsObject(), claims, foreign);
        yield return Jwt.Sign(With(header, "kid", "foreign"), claims, foreign);
        yield return $"{Jwt.Encode(With(header, "typ", "JWT").ToJsonString())}.{parts[1]}.{parts[2]}";
        yield return $"{Jwt.Encode(With(header, "alg", "HS256").ToJsonString())}.{parts[1]}.{parts[2]}";
        yield return $"{good}.{parts[2]}";
        yield return new string('A', 10_000);
    }

    private static JsonObject With(JsonObject header, string name, string value)
    {
        var changed = header.DeepClone().AsObject();
        changed[name] = value;
        return changed;
    }
}
