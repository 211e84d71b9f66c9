using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DeviceService.Tests.Support;

/// <summary>A device's side of enrolment: its key, and the proofs it makes with it.</summary>
internal sealed class TestDevice
{
    public const string EnrollAddress = $"{TestTokens.Issuer}/api/v1/devices/enroll";

    private readonly AsymmetricAlgorithm _key;

    private TestDevice(AsymmetricAlgorithm key) => _key = key;

    public static TestDevice WithEcKey() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static TestDevice WithEcKey(ECCurve curve) => new(ECDsa.Create(curve));

    public static TestDevice WithRsaKey(int bits) => new(RSA.Create(bits));

    public string Algorithm => _key is RSA ? "RS256" : "ES256";

    /// <summary>The public half as a JWK; tests add to it or spoil it.</summary>
    public Dictionary<string, object> Jwk(bool withPrivateHalf = false)
    {
        if (_key is RSA rsa)
        {
            var numbers = rsa.ExportParameters(withPrivateHalf);
            Dictionary<string, object> jwk = new() { ["kty"] = "RSA", ["n"] = Text(numbers.Modulus!), ["e"] = Text(numbers.Exponent!) };
            if (withPrivateHalf)
            {
                jwk["d"] = Text(numbers.D!);
            }

            return jwk;
        }

        var ec = ((ECDsa)_key).ExportParameters(withPrivateHalf);
        Dictionary<string, object> point = new()
        {
            ["kty"] = "EC",
            ["crv"] = _key.KeySize switch { 256 => "P-256", 384 => "P-384", _ => "P-521" },
            ["x"] = Text(ec.Q.X!),
            ["y"] = Text(ec.Q.Y!),
        };
        if (withPrivateHalf)
        {
            point["d"] = Text(ec.D!);
        }

        return point;
    }

    /// <summary>RFC 7638, computed here by its own words: the required members, sorted.</summary>
    public string Thumbprint()
    {
        var members = new SortedDictionary<string, object>(Jwk(), StringComparer.Ordinal);
        return Text(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(members)));
    }

    /// <summary>The claims of a good enrolment proof.</summary>
    public static Dictionary<string, object> EnrollClaims(string enrollmentToken, DateTimeOffset? now = null) => new()
    {
        ["aud"] = EnrollAddress,
        ["iat"] = (now ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds(),
        ["jti"] = Guid.CreateVersion7().ToString(),
        ["ath"] = Text(SHA256.HashData(Encoding.UTF8.GetBytes(enrollmentToken))),
    };

    public static Dictionary<string, object> RotateClaims(Guid device) => new()
    {
        ["aud"] = $"{TestTokens.Issuer}/api/v1/devices/{device}/keys",
        ["sub"] = device.ToString(),
        ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        ["jti"] = Guid.CreateVersion7().ToString(),
    };

    public string Sign(Dictionary<string, object> claims, string type = "enroll+jwt", string? algorithm = null)
    {
        var header = new Dictionary<string, object> { ["alg"] = algorithm ?? Algorithm, ["typ"] = type };
        var signed = $"{Text(JsonSerializer.SerializeToUtf8Bytes(header))}.{Text(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        var octets = Encoding.ASCII.GetBytes(signed);
        var signature = _key is RSA rsa
            ? rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ((ECDsa)_key).SignData(octets, HashAlgorithmName.SHA256);
        return $"{signed}.{Text(signature)}";
    }

    /// <summary>The body of an enrolment as a good device sends it; tests spoil it.</summary>
    public Dictionary<string, object> Enrolment(string enrollmentToken, string name = "sensor", DateTimeOffset? now = null) => new()
    {
        ["enrollmentToken"] = enrollmentToken,
        ["name"] = name,
        ["publicKey"] = Jwk(),
        ["proof"] = Sign(EnrollClaims(enrollmentToken, now)),
    };

    private static string Text(byte[] octets) => Base64Url.EncodeToString(octets);
}
