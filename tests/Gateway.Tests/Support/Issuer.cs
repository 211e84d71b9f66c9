using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServiceDefaults.Authentication;

namespace Gateway.Tests.Support;

/// <summary>The identity service as far as tokens go: keys, the published set, and tokens good and bad.</summary>
internal sealed class Issuer : IDisposable
{
    public const string Name = "https://platform.test";

    private readonly ConcurrentDictionary<string, AsymmetricAlgorithm> _keys = [];
    private readonly ConcurrentDictionary<string, AsymmetricAlgorithm> _published = [];

    public Issuer() => AddKey("first");

    /// <summary>The key that signs.</summary>
    public string Current { get; set; } = "first";

    /// <summary>How often the key set was read.</summary>
    public int Reads;

    public void AddKey(string id, bool published = true, bool elliptic = false)
    {
        _keys[id] = elliptic ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        if (published)
        {
            Publish(id);
        }
    }

    public void Publish(string id) => _published[id] = _keys[id];

    /// <summary>Published in place of the keys.</summary>
    public string? OtherKeySet { get; set; }

    public string KeySet()
    {
        Interlocked.Increment(ref Reads);
        return OtherKeySet ?? JsonSerializer.Serialize(new { keys = _published.Select(key => Jwk(key.Key, key.Value)) });
    }

    /// <summary>A good token, changed at will.</summary>
    public string Token(string[] scopes, Action<JsonObject>? change = null, string? keyId = null, Action<JsonObject>? header = null)
    {
        var claims = Claims(scopes);
        change?.Invoke(claims);
        return Sign(claims, keyId ?? Current, header);
    }

    public string User(params string[] scopes) => Token(scopes.Length == 0 ? [Scopes.IdentitySelf] : scopes);

    public static JsonObject Claims(params string[] scopes)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new JsonObject
        {
            ["iss"] = Name,
            ["aud"] = "platform",
            ["sub"] = Guid.CreateVersion7(now).ToString(),
            ["client_id"] = "platform-web",
            ["jti"] = Guid.CreateVersion7(now).ToString(),
            ["sid"] = Guid.CreateVersion7(now).ToString(),
            ["tid"] = Guid.CreateVersion7(now).ToString(),
            ["name"] = "ada",
            ["scope"] = string.Join(' ', scopes),
            ["epoch"] = 1,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(15).ToUnixTimeSeconds(),
        };
    }

    public string Sign(JsonObject claims, string keyId, Action<JsonObject>? changeHeader = null)
    {
        var key = _keys[keyId];
        JsonObject header = new() { ["alg"] = key is RSA ? "RS256" : "ES256", ["typ"] = "at+jwt", ["kid"] = keyId };
        changeHeader?.Invoke(header);
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var octets = Encoding.ASCII.GetBytes(signed);
        var signature = key is RSA rsa
            ? rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ((ECDsa)key).SignData(octets, HashAlgorithmName.SHA256);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The claims of a token it made.</summary>
    public static JsonObject Read(string token) =>
        JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!.AsObject();

    public static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    public void Dispose()
    {
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }
    }

    private static Dictionary<string, string> Jwk(string id, AsymmetricAlgorithm key)
    {
        if (key is ECDsa ec)
        {
            var point = ec.ExportParameters(false).Q;
            return new() { ["kty"] = "EC", ["crv"] = "P-256", ["use"] = "sig", ["kid"] = id, ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
        }

        var rsa = ((RSA)key).ExportParameters(false);
        return new() { ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = id, ["n"] = Base64Url.EncodeToString(rsa.Modulus), ["e"] = Base64Url.EncodeToString(rsa.Exponent) };
    }
}
