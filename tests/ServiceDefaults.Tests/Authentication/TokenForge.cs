using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace ServiceDefaults.Tests.Authentication;

/// <summary>An issuer in a test: makes good tokens, and bad ones by changing one thing of a good one.</summary>
internal sealed class TokenForge : IVerificationKeys, IDisposable
{
    public const string Issuer = "https://platform.test";
    public const string KeyId = "key-1";

    private readonly RSA _rsa = RSA.Create(2048);

    public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public bool KeysAvailable { get; set; } = true;

    public JsonObject Header() => new() { ["alg"] = "RS256", ["typ"] = "at+jwt", ["kid"] = KeyId };

    public JsonObject Claims() => new()
    {
        ["iss"] = Issuer,
        ["aud"] = "platform",
        ["sub"] = "0197a1b2-0000-7000-8000-000000000001",
        ["client_id"] = "web",
        ["jti"] = "token-1",
        ["sid"] = "session-1",
        ["tid"] = "00000000-0000-0000-0000-000000000001",
        ["scope"] = "audit:read devices:read",
        ["roles"] = new JsonArray("viewer"),
        ["epoch"] = 3,
        ["iat"] = Now.ToUnixTimeSeconds(),
        ["exp"] = Now.AddMinutes(15).ToUnixTimeSeconds(),
    };

    public string Sign(JsonObject? header = null, JsonObject? claims = null) =>
        SignRaw((header ?? Header()).ToJsonString(), (claims ?? Claims()).ToJsonString());

    public string SignRaw(string header, string claims)
    {
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        var signature = _rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Encode(signature)}";
    }

    public string SignWithPublicKeyAsSecret(JsonObject header)
    {
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Encode(Encoding.UTF8.GetBytes(Claims().ToJsonString()))}";
        return $"{signed}.{Encode(HMACSHA256.HashData(_rsa.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
    }

    public AccessTokenValidator Validator() =>
        new(this, Options.Create(new AuthenticationOptions { Issuer = Issuer }), new FixedTime(this));

    public ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken) => KeysAvailable
        ? new(keyId == KeyId ? VerificationKey.FromRsa(KeyId, _rsa.ExportParameters(false)) : null)
        : throw new KeysUnavailableException("away");

    public void Dispose() => _rsa.Dispose();

    public static string Encode(ReadOnlySpan<byte> octets) => Base64Url.EncodeToString(octets);

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private sealed class FixedTime(TokenForge forge) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => forge.Now;
    }
}
