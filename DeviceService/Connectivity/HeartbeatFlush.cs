using DeviceService.Devices;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DeviceService.Connectivity;

/// <summary>
/// Group commit: takes the heartbeats that have come in, writes them together, and answers each after the commit. While
/// one batch is written the next gathers, so batches grow with the load and the cost of a heartbeat falls.
/// </summary>
internal sealed partial class HeartbeatFlush(
    HeartbeatQueue queue,
    HeartbeatWriter writer,
    DeviceMetrics metrics,
    IOptions<ConnectivityOptions> options,
    TimeProvider time,
    ILogger<HeartbeatFlush> logger) : BackgroundService
{
    private const int Attempts = 3;

    // Not the token of the host's stop: requests still wait, and the queue is closed after the server has ended them.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var closing = stoppingToken.Register(queue.Close);
        while (await queue.WaitAsync(CancellationToken.None))
        {
            if (options.Value.BatchWindow > TimeSpan.Zero)
            {
                await Task.Delay(options.Value.BatchWindow, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            List<Heartbeat> batch = [];
            while (batch.Count < options.Value.BatchSize && queue.TryTake(out var heartbeat))
            {
                batch.Add(heartbeat);
            }

            await FlushAsync(batch);
        }
    }

    private async Task FlushAsync(List<Heartbeat> batch)
    {
        var start = time.GetTimestamp();
        try
        {
            var profiles = await WriteAsync(OnePerDevice(batch));
            batch.ForEach(heartbeat => heartbeat.Answer(profiles.GetValueOrDefault(heartbeat.DeviceId)));
            metrics.Flushed(batch.Count, batch.Count(heartbeat => profiles.ContainsKey(heartbeat.DeviceId)), time.GetElapsedTime(start));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Whatever it was, each request gets it and answers for itself; the next batch is another matter.
            batch.ForEach(heartbeat => heartbeat.Fail(fault));
            metrics.NotTaken(batch.Count, "failed");
            LogNotWritten(logger, batch.Count, fault);
        }
    }

    private async Task<IReadOnlyDictionary<Guid, string>> WriteAsync(List<Heartbeat> batch)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await writer.WriteAsync(batch, CancellationToken.None);
            }
            catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.DeadlockDetected && attempt < Attempts)
            {
                // Two processes met on the same devices; the one that was chosen to yield goes again.
            }
        }
    }

    /// <summary>The last heartbeat of each device: an UPDATE joins one row once.</summary>
    private static List<Heartbeat> OnePerDevice(List<Heartbeat> batch)
    {
        Dictionary<Guid, Heartbeat> last = new(batch.Count);
        foreach (var heartbeat in batch)
        {
            last[heartbeat.DeviceId] = heartbeat;
        }

        return [.. last.Values.OrderBy(heartbeat => heartbeat.DeviceId)];
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} heartbeats could not be written")]
    private static partial void LogNotWritten(ILogger logger, int count, Exception fault);
}
