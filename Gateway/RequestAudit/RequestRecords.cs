using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>The records between the requests and the batches: bounded, never waited for.</summary>
internal sealed class RequestRecords
{
    private readonly Channel<RequestRecord> _records;
    private readonly GatewayMetrics _metrics;
    private readonly RequestAuditOptions _options;
    private readonly TimeProvider _time;

    public RequestRecords(IOptions<RequestAuditOptions> options, GatewayMetrics metrics, TimeProvider time)
    {
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _records = Channel.CreateBounded<RequestRecord>(new BoundedChannelOptions(_options.Waiting)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait, // with TryWrite: refuse, so that the loss is counted
        });
    }

    public void Add(RequestRecord record)
    {
        if (_records.Writer.TryWrite(record))
        {
            _metrics.Audited("recorded", 1);
        }
        else
        {
            _metrics.AuditLost("memory_full", 1);
        }
    }

    /// <summary>No more will come.</summary>
    public void Complete() => _records.Writer.TryComplete();

    /// <summary>Waits for a first record, then takes more until the batch is full or its window has passed; empty at the end.</summary>
    public async Task<List<RequestRecord>> TakeBatchAsync()
    {
        List<RequestRecord> batch = [];
        if (!await _records.Reader.WaitToReadAsync())
        {
            return batch;
        }

        using var window = new CancellationTokenSource(_options.Window, _time);
        while (batch.Count < _options.Batch)
        {
            if (_records.Reader.TryRead(out var record))
            {
                batch.Add(record);
                continue;
            }

            try
            {
                if (!await _records.Reader.WaitToReadAsync(window.Token))
                {
                    break;
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return batch;
    }
}
