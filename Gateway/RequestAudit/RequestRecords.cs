using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>The records between the requests and the journal: bounded, never waited for.</summary>
internal sealed class RequestRecords
{
    private readonly Channel<RequestRecord> _records;
    private readonly GatewayMetrics _metrics;
    private long _dropped;

    public RequestRecords(IOptions<RequestAuditOptions> options, GatewayMetrics metrics)
    {
        _metrics = metrics;
        _records = Channel.CreateBounded<RequestRecord>(new BoundedChannelOptions(options.Value.Waiting)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait, // with TryWrite: refuse, so that the loss is counted
        });
    }

    public ChannelReader<RequestRecord> Reader => _records.Reader;

    /// <summary>Ends when no more will come and all were read.</summary>
    public Task Completed => _records.Reader.Completion;

    public void Add(RequestRecord record)
    {
        if (!_records.Writer.TryWrite(record))
        {
            Dropped("memory_full", 1);
        }
    }

    /// <summary>Counts what is lost, for the metric and for the next count.</summary>
    public void Dropped(string reason, int records)
    {
        Interlocked.Add(ref _dropped, records);
        _metrics.AuditLost(reason, records);
    }

    /// <summary>How many were dropped since it was asked last.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    /// <summary>No more will come.</summary>
    public void Complete() => _records.Writer.TryComplete();
}
