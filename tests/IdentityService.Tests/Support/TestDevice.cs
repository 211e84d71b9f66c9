using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityService.Clients;
using IdentityService.Keys;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests.Support;

/// <summary>A device with a key of its own, as far as the identity service knows it.</summary>
internal sealed class TestDevice(AsymmetricAlgorithm key) : IDisposable
{
    public Guid Id { get; } = Guid.CreateVersion7();

    public Guid Tenant { get; } = Guid.CreateVersion7();

    public static TestDevice WithEcKey() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static TestDevice WithRsaKey() => new(RSA.Create(2048));

    public DeviceEnrolled Enrolled(string? thumbprint = null)
    {
        var jwk = PublicJwk();
        return new DeviceEnrolled(Envelope(), Id, "sensor", jwk, thumbprint ?? JwkThumbprint.Of(JsonDocument.Parse(jwk).RootElement));
    }

    public DeviceDecommissioned Decommissioned() => new(Envelope(), Id);

    /// <summary>A good assertion, with claims added, replaced or (null) taken out.</summary>
    public string Assertion(params (string Name, JsonNode? Value)[] changes)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Id.ToString(),
            ["sub"] = Id.ToString(),
            ["aud"] = "https://platform.test/connect/token",
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["iat"] = now,
            ["exp"] = now + 60,
        };
        foreach (var (name, value) in changes)
        {
            claims.Remove(name);
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return Sign(claims, "JWT");
    }

    public string Sign(JsonObject claims, string type) =>
        Jwt.Sign(new JsonObject { ["alg"] = key is RSA ? "RS256" : "ES256", ["typ"] = type }, claims, key);

    public static Task<HttpResponseMessage> AskAsync(HttpClient http, string assertion, params (string Name, string Value)[] more) =>
        http.PostAsync("/connect/token", new FormUrlEncodedContent(
        [
            new("grant_type", "client_credentials"),
            new("client_assertion_type", ClientAssertion.Type),
            new("client_assertion", assertion),
            .. more.Select(one => KeyValuePair.Create(one.Name, one.Value)),
        ]));

    public void Dispose() => key.Dispose();

    private EventEnvelope Envelope()
    {
        var now = TimeProvider.System.GetUtcNow();
        return new EventEnvelope(Guid.CreateVersion7(now), now, Tenant, Actor.System("device"), null, null, null, null);
    }

    private string PublicJwk()
    {
        if (key is RSA rsa)
        {
            var half = rsa.ExportParameters(false);
            return JsonSerializer.Serialize(new { kty = "RSA", n = Base64Url.EncodeToString(half.Modulus), e = Base64Url.EncodeToString(half.Exponent) });
        }

        var point = ((ECDsa)key).ExportParameters(false).Q;
        return JsonSerializer.Serialize(new { kty = "EC", crv = "P-256", x = Base64Url.EncodeToString(point.X), y = Base64Url.EncodeToString(point.Y) });
    }
}
