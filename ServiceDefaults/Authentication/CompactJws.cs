using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace ServiceDefaults.Authentication;

/// <summary>
/// A JSON Web Signature in compact form (RFC 7515 section 7.1), taken apart strictly: three parts, base64url without
/// padding, whitespace or stray bits, one way to write every token. Nothing in it is trusted yet.
/// </summary>
public sealed class CompactJws
{
    /// <summary>Longer tokens are refused unread, in characters.</summary>
    public const int Longest = 8192;

    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    // RFC 8725 section 2.4 and 3.1: members that appear twice are read differently by different parsers.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private CompactJws(string algorithm, string? type, string? keyId, byte[] signedPart, byte[] signature, JsonElement payload)
    {
        Algorithm = algorithm;
        Type = type;
        KeyId = keyId;
        SignedPart = signedPart;
        Signature = signature;
        Payload = payload;
    }

    /// <summary><c>alg</c>: a claim only; the key decides.</summary>
    public string Algorithm { get; }

    /// <summary><c>typ</c>.</summary>
    public string? Type { get; }

    /// <summary><c>kid</c>.</summary>
    public string? KeyId { get; }

    /// <summary>The ASCII octets that are signed: header, dot, payload.</summary>
    public ReadOnlyMemory<byte> SignedPart { get; }

    /// <summary>The signature's octets.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>The claims: always an object.</summary>
    public JsonElement Payload { get; }

    /// <summary>Takes a token apart; false for anything that is not strictly well formed.</summary>
    public static bool TryParse(ReadOnlySpan<char> token, [NotNullWhen(true)] out CompactJws? jws)
    {
        jws = null;
        if (token.Length > Longest)
        {
            return false;
        }

        Span<byte> ascii = token.Length <= 2048 ? stackalloc byte[token.Length] : new byte[token.Length];
        if (System.Text.Ascii.FromUtf16(token, ascii, out var length) != OperationStatus.Done)
        {
            return false;
        }

        ascii = ascii[..length];
        var first = ascii.IndexOf((byte)'.');
        var last = ascii.LastIndexOf((byte)'.');
        if (first <= 0 || first == last
            || !TryDecode(ascii[..first], out var header)
            || !TryDecode(ascii[(first + 1)..last], out var payload)
            || !TryDecode(ascii[(last + 1)..], out var signature)
            || !TryReadObject(header, out var members)
            || !TryReadHeader(members, out var algorithm, out var type, out var keyId)
            || !TryReadObject(payload, out var claims))
        {
            return false;
        }

        jws = new CompactJws(algorithm, type, keyId, ascii[..last].ToArray(), signature, claims);
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> part, out byte[] octets)
    {
        octets = [];
        if (part.IsEmpty || part.Length % 4 == 1 || part.ContainsAnyExcept(Alphabet))
        {
            return false;
        }

        // The decoder refuses stray bits in the last character too: they would be a second spelling of the same octets.
        octets = new byte[Base64Url.GetMaxDecodedLength(part.Length)];
        return Base64Url.DecodeFromUtf8(part, octets, out _, out var written) == OperationStatus.Done
            && written == octets.Length;
    }

    private static bool TryReadObject(byte[] utf8, out JsonElement value)
    {
        value = default;
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            value = document.RootElement.Clone();
            return value.ValueKind == JsonValueKind.Object && Utf8.IsValid(utf8);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false; // the latter for half a surrogate pair in a member's name
        }
    }

    private static bool TryReadHeader(
        JsonElement header, [NotNullWhen(true)] out string? algorithm, out string? type, out string? keyId)
    {
        type = keyId = null;

        // RFC 7515 section 4.1.11: none of the extensions that `crit` could name is understood here.
        return TryReadText(header, "alg", out algorithm) && algorithm is not null
            && TryReadText(header, "typ", out type)
            && TryReadText(header, "kid", out keyId)
            && !header.TryGetProperty("crit", out _);
    }

    private static bool TryReadText(JsonElement header, string name, out string? text)
    {
        text = null;
        if (!header.TryGetProperty(name, out var member))
        {
            return true;
        }

        try
        {
            text = member.ValueKind == JsonValueKind.String ? member.GetString() : null;
            return text is not null;
        }
        catch (InvalidOperationException)
        {
            return false; // half a surrogate pair: the parser takes it, no string can hold it
        }
    }
}
