using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceService.Devices;
using ServiceDefaults.Authentication;

namespace DeviceService.Enrollment;

/// <summary>
/// A device's public key as it came in, checked: RSA of 2048 to 4096 bits or EC on P-256, without private members, and
/// spelled in the one way that RFC 7518 section 6 allows, so that one key has one thumbprint.
/// </summary>
internal sealed class DevicePublicKey
{
    private const int CoordinateOctets = 32;
    private const int MostRsaOctets = 4096 / 8;

    // RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1.
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private DevicePublicKey(string thumbprint, string jwk, VerificationKey verification)
    {
        Thumbprint = thumbprint;
        Jwk = jwk;
        Verification = verification;
    }

    /// <summary>RFC 7638 with SHA-256, base64url.</summary>
    public string Thumbprint { get; }

    /// <summary>The key written anew, with nothing of what else the device sent: <c>kid</c> is the thumbprint.</summary>
    public string Jwk { get; }

    public VerificationKey Verification { get; }

    public static bool TryRead(
        JsonElement jwk, [NotNullWhen(true)] out DevicePublicKey? key, [NotNullWhen(false)] out string? fault)
    {
        key = null;
        fault = Refusal(jwk);
        if (fault is not null)
        {
            return false;
        }

        var required = RequiredMembers(jwk);
        var thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Write(required))));
        try
        {
            if (VerificationKey.FromJwk(jwk, thumbprint) is { } verification)
            {
                var published = required.Concat([new("alg", verification.Algorithm), new("use", "sig"), new("kid", thumbprint)]);
                key = new DevicePublicKey(thumbprint, Write(published), verification);
                return true;
            }
        }
        catch (Exception refused) when (refused is CryptographicException or FormatException)
        {
            // Not a point of the curve, or too short: said below without the library's words.
        }

        fault = "The numbers are no usable public key: an RSA key needs 2048 to 4096 bits, an EC key a point on P-256; alg and use must suit.";
        return false;
    }

    public DeviceKey OwnedBy(Device device, DateTimeOffset now) =>
        new() { Thumbprint = Thumbprint, DeviceId = device.Id, TenantId = device.TenantId, Jwk = Jwk, AddedAt = now };

    private static string? Refusal(JsonElement jwk)
    {
        if (jwk.ValueKind != JsonValueKind.Object)
        {
            return "The public key must be a JWK: a JSON object.";
        }

        if (PrivateMembers.Any(member => jwk.TryGetProperty(member, out _)))
        {
            return "The JWK has private members. The private key must never leave the device: make a new one and send its public half.";
        }

        return (Text(jwk, "kty"), Text(jwk, "crv")) switch
        {
            ("EC", "P-256") when IsNumber(jwk, "x", CoordinateOctets, CoordinateOctets) && IsNumber(jwk, "y", CoordinateOctets, CoordinateOctets) => null,
            ("RSA", _) when IsNumber(jwk, "n", 1, MostRsaOctets) && IsNumber(jwk, "e", 1, 4) && HasOddExponent(jwk) => null,
            ("EC", not "P-256") => "An EC key must be on the curve P-256.",
            ("EC", _) => "x and y must each be 32 octets in base64url without padding.",
            ("RSA", _) => "n and e must be base64url without padding or leading zero octets: n of at most 4096 bits, e odd and from 3 to 2^32 - 1.",
            _ => "The key type must be EC or RSA.",
        };
    }

    /// <summary>Unsigned big endian; a coordinate has its fixed length, any other number no leading zero.</summary>
    private static bool IsNumber(JsonElement jwk, string member, int least, int most)
    {
        var text = Text(jwk, member);
        if (string.IsNullOrEmpty(text) || text.Length > Base64Url.GetEncodedLength(most) || !Base64Url.IsValid(text))
        {
            return false;
        }

        var octets = Base64Url.DecodeFromChars(text);
        return octets.Length >= least && octets.Length <= most
            && (least == most || octets[0] != 0)
            && Base64Url.EncodeToString(octets) == text;
    }

    private static bool HasOddExponent(JsonElement jwk) =>
        Base64Url.DecodeFromChars(Text(jwk, "e")) is var octets && (octets[^1] & 1) == 1 && octets is not [1];

    /// <summary>The members that make the thumbprint, in its order (RFC 7638 section 3.2).</summary>
    private static KeyValuePair<string, string>[] RequiredMembers(JsonElement jwk) =>
        [.. (Text(jwk, "kty") == "EC" ? ["crv", "kty", "x", "y"] : (string[])["e", "kty", "n"])
            .Select(member => KeyValuePair.Create(member, Text(jwk, member)!))];

    // All values are base64url or fixed names, which JSON needs no escapes for.
    private static string Write(IEnumerable<KeyValuePair<string, string>> members) =>
        $"{{{string.Join(',', members.Select(member => $"\"{member.Key}\":\"{member.Value}\""))}}}";

    private static string? Text(JsonElement jwk, string member) =>
        jwk.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
