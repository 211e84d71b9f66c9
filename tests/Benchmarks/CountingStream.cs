namespace Benchmarks;

/// <summary>Takes everything and keeps nothing; looks at what is alive in memory every ten thousand lines.</summary>
internal sealed class CountingStream : Stream
{
    private const int Every = 10_000;

    private long _length;

    public long Lines { get; private set; }

    /// <summary>Least bytes alive in memory.</summary>
    public long Least { get; private set; } = long.MaxValue;

    /// <summary>Most bytes alive in memory.</summary>
    public long Most { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position { get => _length; set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _length += buffer.Length;
        if (++Lines % Every == 0)
        {
            var alive = GC.GetTotalMemory(forceFullCollection: true);
            (Least, Most) = (Math.Min(Least, alive), Math.Max(Most, alive));
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
