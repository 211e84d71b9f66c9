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

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    // RFC 8725 section 2.4 and 3.1: members that appear twice are read differently by different parsers.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    // All tokens of one key have the same header, octet for octet: read once. What clients invent pushes them out, which
    // costs time and nothing else.
    private static readonly Header?[] Headers = new Header?[8];
    private static int _nextHeader;

    private readonly Header _header;

    private CompactJws(Header header, in Sha256Digest signedDigest, byte[] signature, byte[] payload)
    {
        _header = header;
        SignedDigest = signedDigest;
        Signature = signature;
        PayloadOctets = payload;
    }

    /// <summary><c>alg</c>: a claim only; the key decides.</summary>
    public string Algorithm => _header.Algorithm;

    /// <summary><c>typ</c>.</summary>
    public string? Type => _header.Type;

    /// <summary><c>kid</c>.</summary>
    public string? KeyId => _header.KeyId;

    /// <summary>SHA-256 of the ASCII octets that are signed: header, dot, payload.</summary>
    public Sha256Digest SignedDigest { get; }

    /// <summary>The signature's octets.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>The claims: always an object.</summary>
    public JsonElement Payload { get; private set; }

    /// <summary>The claims as they are written, of which nothing is known yet.</summary>
    internal ReadOnlyMemory<byte> PayloadOctets { get; }

    /// <summary>Takes a token apart; false for anything that is not strictly well formed.</summary>
    public static bool TryParse(string token, [NotNullWhen(true)] out CompactJws? jws)
    {
        if (!SignedText.TryOf(token.AsMemory(), out var text)
            || !TryTakeApart(text, out jws)
            || !TryReadObject(jws.PayloadOctets.Span, out var claims))
        {
            jws = null;
            return false;
        }

        jws.Payload = claims;
        return true;
    }

    /// <summary>The same, but for <see cref="Payload"/>: its reader must be as strict.</summary>
    internal static bool TryTakeApart(in SignedText text, [NotNullWhen(true)] out CompactJws? jws)
    {
        jws = null;
        var signed = text.SignedPart;
        var dot = signed.IndexOf('.');
        if (dot <= 0
            || !TryDecode(signed[(dot + 1)..], out var payload)
            || !TryDecode(text.Signature, out var signature)
            || HeaderOf(signed[..dot]) is not { } header)
        {
            return false;
        }

        jws = new CompactJws(header, text.Digest, signature, payload);
        return true;
    }

    private static Header? HeaderOf(ReadOnlySpan<char> part)
    {
        foreach (var known in Headers)
        {
            if (known is not null && part.SequenceEqual(known.Part))
            {
                return known;
            }
        }

        if (!TryDecode(part, out var octets)
            || !TryReadObject(octets, out var members)
            || !TryReadHeader(members, out var algorithm, out var type, out var keyId))
        {
            return null;
        }

        Header header = new(part.ToString(), algorithm, type, keyId);
        Headers[(uint)Interlocked.Increment(ref _nextHeader) % Headers.Length] = header;
        return header;
    }

    private static bool TryDecode(ReadOnlySpan<char> part, out byte[] octets)
    {
        octets = [];
        if (part.IsEmpty || part.Length % 4 == 1 || part.ContainsAnyExcept(Alphabet))
        {
            return false;
        }

        // The decoder refuses stray bits in the last character too: they would be a second spelling of the same octets.
        octets = new byte[Base64Url.GetMaxDecodedLength(part.Length)];
        return Base64Url.DecodeFromChars(part, octets, out _, out var written) == OperationStatus.Done
            && written == octets.Length;
    }

    private static bool TryReadObject(ReadOnlySpan<byte> utf8, out JsonElement value)
    {
        value = default;
        try
        {
            value = JsonElement.Parse(utf8, Strict);
            return value.ValueKind == JsonValueKind.Object && Utf8.IsValid(utf8);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false; // InvalidOperationException: text that is no Unicode
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
            return false; // no Unicode
        }
    }

    private sealed record Header(string Part, string Algorithm, string? Type, string? KeyId);
}
