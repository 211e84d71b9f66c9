using MassTransit;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>
/// Sends the records in batches. While the bus takes them they go straight there; from the first failure on they go to
/// disk, in order, until the disk is empty again. At the end of the process what is left goes to disk.
/// </summary>
internal sealed partial class RequestAuditShipping(
    RequestRecords records,
    AuditSpool spool,
    IBus bus,
    GatewayInstance gateway,
    GatewayMetrics metrics,
    IOptions<RequestAuditOptions> options,
    TimeProvider time,
    ILogger<RequestAuditShipping> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan ReplayPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _shipping = Task.CompletedTask;
    private Task _replaying = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _shipping = Task.Run(ShipAsync, CancellationToken.None);
        _replaying = Task.Run(ReplayAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        records.Complete();
        await _stopping.CancelAsync();
        await Task.WhenAll(_shipping, _replaying).WaitAsync(cancellationToken);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task ShipAsync()
    {
        while (await records.TakeBatchAsync() is { Count: > 0 } batch)
        {
            var audited = Pack(batch);
            if (spool.IsEmpty && !_stopping.IsCancellationRequested && await TryPublishAsync(audited, "published"))
            {
                continue;
            }

            Keep(audited);
        }
    }

    private RequestsAudited Pack(List<RequestRecord> batch)
    {
        var now = time.GetUtcNow();
        return new RequestsAudited(
            new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("gateway"), null, null, null, null),
            gateway.Id,
            batch);
    }

    private void Keep(RequestsAudited batch)
    {
        try
        {
            if (spool.Append(batch))
            {
                metrics.Audited("spooled", batch.Requests.Count);
                return;
            }

            metrics.AuditLost("disk_full", batch.Requests.Count);
            LogFull(logger, batch.Requests.Count, options.Value.SpoolBytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            metrics.AuditLost("disk_failed", batch.Requests.Count);
            LogDiskFailed(logger, batch.Requests.Count, fault);
        }
    }

    private async Task ReplayAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            while (!spool.IsEmpty && await ReplayOldestAsync())
            {
                // the next file
            }

            await Task.Delay(ReplayPause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> ReplayOldestAsync()
    {
        foreach (var batch in spool.ReadOldest())
        {
            if (_stopping.IsCancellationRequested || !await TryPublishAsync(batch, "replayed"))
            {
                return false;
            }
        }

        spool.RemoveOldest();
        return true;
    }

    private async Task<bool> TryPublishAsync(RequestsAudited batch, string stage)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(options.Value.ConfirmTimeout);
        try
        {
            // Mandatory: without the audit service's queue the broker must give it back, not drop it.
            await bus.Publish(
                batch,
                context =>
                {
                    context.MessageId = batch.Envelope.Id;
                    context.Durable = true;
                    context.Mandatory = true;
                },
                limit.Token);
            metrics.Audited(stage, batch.Requests.Count);
            return true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Whatever it was, the batch is kept and sent later.
            LogNotPublished(logger, batch.Requests.Count, fault.Message);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} request records were not taken by the bus and are kept: {Reason}")]
    private static partial void LogNotPublished(ILogger logger, int count, string reason);

    [LoggerMessage(2, LogLevel.Error, "{Count} request records are lost: the spool has reached {Limit} bytes")]
    private static partial void LogFull(ILogger logger, int count, long limit);

    [LoggerMessage(3, LogLevel.Error, "{Count} request records are lost: the disk refuses them")]
    private static partial void LogDiskFailed(ILogger logger, int count, Exception fault);
}
