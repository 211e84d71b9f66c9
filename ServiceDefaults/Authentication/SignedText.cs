using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The text of a token in compact form (RFC 7515 section 7.1) with the SHA-256 of its signed part, which is what RS256 and
/// ES256 sign (RFC 7518 sections 3.3 and 3.4). The two are only ever made together. Nothing in it is trusted yet.
/// </summary>
public readonly struct SignedText
{
    private readonly ReadOnlyMemory<char> _text;
    private readonly int _dot;

    private SignedText(ReadOnlyMemory<char> text, int dot, in Sha256Digest digest)
    {
        _text = text;
        _dot = dot;
        Digest = digest;
    }

    /// <summary>Of header, dot and payload.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>Header, dot and payload as they are written.</summary>
    public ReadOnlySpan<char> SignedPart => _text.Span[.._dot];

    /// <summary>The signature as it is written.</summary>
    public ReadOnlySpan<char> Signature => _text.Span[(_dot + 1)..];

    /// <summary>False for what is too long, has no dot or is not ASCII before its last one.</summary>
    public static bool TryOf(ReadOnlyMemory<char> text, out SignedText signed)
    {
        var dot = text.Length <= CompactJws.Longest ? text.Span.LastIndexOf('.') : -1;
        if (dot < 0 || !Sha256Digest.TryOf(text.Span[..dot], out var digest))
        {
            signed = default;
            return false;
        }

        signed = new SignedText(text, dot, digest);
        return true;
    }

    /// <summary>Whether the signature is written like that one; how long it takes depends on nothing but the length.</summary>
    // Compiled for good at once: a loop is otherwise compiled for the place where it was met first, and may stay that way.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool HasSignature(ReadOnlySpan<char> other)
    {
        var own = Signature;
        if (own.Length != other.Length)
        {
            return false;
        }

        // CryptographicOperations.FixedTimeEquals goes octet by octet, which takes longer than the rest of a hit.
        var words = MemoryMarshal.Cast<char, ulong>(own);
        var others = MemoryMarshal.Cast<char, ulong>(other);
        ulong differing = 0;
        for (var index = 0; index < words.Length; index++)
        {
            differing |= words[index] ^ others[index];
        }

        for (var index = words.Length * (sizeof(ulong) / sizeof(char)); index < own.Length; index++)
        {
            differing |= (uint)(own[index] ^ other[index]);
        }

        return differing == 0;
    }
}
