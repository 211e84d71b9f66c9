using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ServiceDefaults.Authentication;

/// <summary>SHA-256 (FIPS 180-4) of an ASCII text: what a cache knows a secret by. Nothing is allocated for it.</summary>
[StructLayout(LayoutKind.Sequential)]
[SuppressMessage("Performance", "CA1815", Justification = "A record struct has equality.")]
public readonly record struct Sha256Digest
{
    // A hash object made for one text costs as much as some hundred octets of it; a thread keeps its own.
    [ThreadStatic]
    private static IncrementalHash? _hash;

    [ThreadStatic]
    private static byte[]? _octets;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    private Sha256Digest(ReadOnlySpan<ulong> words) => (_first, _second, _third, _fourth) = (words[0], words[1], words[2], words[3]);

    /// <summary>False for what is longer than <see cref="CompactJws.Longest"/> or not ASCII, which no token or key is.</summary>
    public static bool TryOf(ReadOnlySpan<char> text, out Sha256Digest digest)
    {
        digest = default;
        var octets = _octets ??= new byte[CompactJws.Longest];
        if (Ascii.FromUtf16(text, octets, out var length) != OperationStatus.Done)
        {
            return false;
        }

        Span<ulong> words = stackalloc ulong[4];
        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(octets.AsSpan(0, length));
        hash.GetHashAndReset(MemoryMarshal.AsBytes(words));
        digest = new Sha256Digest(words);
        return true;
    }

    /// <summary>Its 32 octets.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Octets => MemoryMarshal.AsBytes(new ReadOnlySpan<Sha256Digest>(in this));

    /// <inheritdoc/>
    public override int GetHashCode() => _first.GetHashCode();
}
