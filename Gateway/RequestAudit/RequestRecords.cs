using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>The records between the requests and the journal: bounded, never waited for. Safe for concurrent use.</summary>
internal sealed class RequestRecords(IOptions<RequestAuditOptions> options, GatewayMetrics metrics) : IDisposable
{
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Text, Utf8JsonWriter Writer) t_scratch;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _come = new(0, 1);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RecordLines _filling = new();
    private long _dropped;

    /// <summary>Ends when no more will come.</summary>
    public Task Completed => _completed.Task;

    public void Add(in EndedRequest request)
    {
        var record = TextOf(request);
        bool first;
        lock (_gate)
        {
            if (_completed.Task.IsCompleted || _filling.Count >= options.Value.Waiting)
            {
                Dropped("memory_full", 1);
                return;
            }

            _filling.Add(record, RequestsCounted.ResultOf(request.Status), request.Token?.Token.KeyId, request.At);
            first = _filling.Count == 1;
        }

        if (first)
        {
            Wake();
        }
    }

    /// <summary>Until there are records, none will come any more, or the time is over.</summary>
    public async Task WaitAsync(TimeSpan atMost)
    {
        if (!_completed.Task.IsCompleted)
        {
            await _come.WaitAsync(atMost);
        }
    }

    /// <summary>Takes all that came, in its order, and leaves <paramref name="empty"/> to be filled.</summary>
    public RecordLines Take(RecordLines empty)
    {
        lock (_gate)
        {
            (var taken, _filling) = (_filling, empty);
            return taken;
        }
    }

    /// <summary>Counts what is lost, for the metric and for the next count.</summary>
    public void Dropped(string reason, int records)
    {
        Interlocked.Add(ref _dropped, records);
        metrics.AuditLost(reason, records);
    }

    /// <summary>How many were dropped since it was asked last.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    /// <summary>No more will come.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed.TrySetResult();
        }

        Wake();
    }

    public void Dispose() => _come.Dispose();

    // In a buffer of the thread's own, good until the thread writes its next record.
    private static ReadOnlySpan<byte> TextOf(in EndedRequest request)
    {
        ref var scratch = ref t_scratch;
        if (scratch.Text is null)
        {
            ArrayBufferWriter<byte> text = new(1024);
            scratch = (text, new Utf8JsonWriter(text, new JsonWriterOptions { SkipValidation = true }));
        }

        scratch.Text.ResetWrittenCount();
        scratch.Writer.Reset();
        request.WriteTo(scratch.Writer);
        scratch.Writer.Flush();
        return scratch.Text.WrittenSpan;
    }

    private void Wake()
    {
        try
        {
            _come.Release();
        }
        catch (SemaphoreFullException)
        {
            // woken already
        }
    }
}
