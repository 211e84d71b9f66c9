using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Logging;

/// <summary>
/// Carries finished lines to the console on a thread of its own: a slow reader of standard output must never slow a
/// request. Full means the line is dropped, counted, and told of in the next line that gets through.
/// </summary>
internal sealed class LogQueue : IDisposable
{
    internal const int Capacity = 16_384;
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<ArraySegment<byte>> _lines = new(Capacity);
    private readonly Stream _output;
    private readonly TimeProvider _time;
    private readonly Thread _writer;
    private long _dropped;
    private int _disposed;

    public LogQueue(Stream output, TimeProvider time)
    {
        _output = output;
        _time = time;
        _writer = new Thread(Write) { IsBackground = true, Name = "log writer" };
        _writer.Start();
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    public long Dropped => Interlocked.Read(ref _dropped);

    public void Enqueue(ReadOnlySpan<byte> line)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(line.Length);
        line.CopyTo(copy);
        bool taken = false;
        try
        {
            taken = _lines.TryAdd(new ArraySegment<byte>(copy, 0, line.Length));
        }
        catch (InvalidOperationException)
        {
            // Closed while the host goes down: counted like any other loss.
        }

        if (!taken)
        {
            ArrayPool<byte>.Shared.Return(copy);
            Interlocked.Increment(ref _dropped);
            PlatformTelemetry.DroppedLogs.Add(1);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        _lines.CompleteAdding();

        // Left undisposed when the console is stuck: the writer still holds it.
        if (_writer.Join(LongestFlush))
        {
            _lines.Dispose();
        }
    }

    private void OnExit(object? sender, EventArgs exit) => Dispose();

    private void Write()
    {
        long told = 0;
        try
        {
            foreach (ArraySegment<byte> line in _lines.GetConsumingEnumerable())
            {
                _output.Write(line);
                ArrayPool<byte>.Shared.Return(line.Array!);
                if (_lines.Count == 0)
                {
                    told = TellDropped(told);
                    _output.Flush();
                }
            }

            TellDropped(told);
            _output.Flush();
        }
        catch (IOException)
        {
            // Nobody reads standard output any more. The lines that follow fill the queue and are counted as dropped.
        }
    }

    private long TellDropped(long told)
    {
        long dropped = Dropped;
        if (dropped > told)
        {
            string line = $$$"""
                {"timestamp":"{{{_time.GetUtcNow().UtcDateTime:O}}}","level":"warning","category":"{{{typeof(LogQueue).FullName}}}","message":"Log lines were dropped","properties":{"dropped":{{{dropped - told}}},"droppedSinceStart":{{{dropped}}}}}

                """;
            _output.Write(Encoding.UTF8.GetBytes(line));
        }

        return dropped;
    }
}
