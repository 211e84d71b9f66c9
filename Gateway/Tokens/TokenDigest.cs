using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

/// <summary>SHA-256 of a token's text: what the cache knows a token by, so that a memory dump holds none.</summary>
[StructLayout(LayoutKind.Sequential)]
[SuppressMessage("Performance", "CA1815", Justification = "A record struct has equality.")]
internal readonly record struct TokenDigest(ulong First, ulong Second, ulong Third, ulong Fourth)
{
    // Nearly all are shorter, and clearing the stack costs more than the digest's own overhead.
    private const int Usual = 1536;

    /// <summary>Digests without allocating; false for what is too long or not ASCII, which no token is.</summary>
    public static bool TryOf(ReadOnlySpan<char> token, out TokenDigest digest)
    {
        digest = default;
        return token.Length <= Usual
            ? TryOf(token, stackalloc byte[Usual], ref digest)
            : token.Length <= CompactJws.Longest && TryOf(token, stackalloc byte[CompactJws.Longest], ref digest);
    }

    private static bool TryOf(ReadOnlySpan<char> token, Span<byte> ascii, ref TokenDigest digest)
    {
        if (Ascii.FromUtf16(token, ascii, out var length) != OperationStatus.Done)
        {
            return false;
        }

        Span<ulong> words = stackalloc ulong[4];
        SHA256.HashData(ascii[..length], MemoryMarshal.AsBytes(words));
        digest = new TokenDigest(words[0], words[1], words[2], words[3]);
        return true;
    }

    public override int GetHashCode() => First.GetHashCode();
}
