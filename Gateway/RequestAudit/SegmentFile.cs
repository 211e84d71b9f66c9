namespace Gateway.RequestAudit;

/// <summary>The lines of a file as the bytes that they are, without a copy of each.</summary>
internal static class SegmentFile
{
    // Below the size from which a buffer is a large object.
    private const int Chunk = 256 << 10;

    /// <summary>Each line without its newline, and whether it had one: the last can have been cut off.</summary>
    /// <remarks>A line stays good after the next one is read.</remarks>
    public static IEnumerable<(ReadOnlyMemory<byte> Text, bool IsWhole)> ReadLines(string path)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var rest = ReadOnlyMemory<byte>.Empty;
        for (long offset = 0; ;)
        {
            var chunk = new byte[Math.Max(Chunk, rest.Length * 2)];
            rest.CopyTo(chunk);
            var read = RandomAccess.Read(file, chunk.AsSpan(rest.Length), offset);
            offset += read;
            rest = chunk.AsMemory(0, rest.Length + read);
            if (read == 0)
            {
                break;
            }

            while (rest.Span.IndexOf((byte)'\n') is >= 0 and var end)
            {
                yield return (rest[..end], true);
                rest = rest[(end + 1)..];
            }
        }

        if (!rest.IsEmpty)
        {
            yield return (rest, false);
        }
    }
}
