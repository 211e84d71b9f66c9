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
    /// <summary>Digests without allocating; false for what is too long or not ASCII, which no token is.</summary>
    public static bool TryOf(ReadOnlySpan<char> token, out TokenDigest digest)
    {
        digest = default;
        if (token.Length > CompactJws.Longest)
        {
            return false;
        }

        Span<byte> ascii = stackalloc byte[CompactJws.Longest];
        if (!Ascii.IsValid(token))
        {
            return false;
        }

        ascii = ascii[..Encoding.ASCII.GetBytes(token, ascii)];
        Span<ulong> words = stackalloc ulong[4];
        SHA256.HashData(ascii, MemoryMarshal.AsBytes(words));
        digest = new TokenDigest(words[0], words[1], words[2], words[3]);
        return true;
    }

    public override int GetHashCode() => First.GetHashCode();
}
