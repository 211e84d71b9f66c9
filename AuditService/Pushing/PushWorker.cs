using System.Net;
using AuditService.Data;
using AuditService.Evidence;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Data;

namespace AuditService.Pushing;

/// <summary>
/// Pushes the log to a receiver, in the order of its leaves, at least once. One replica leads: it holds a lock of its
/// connection, and everything about the cursor goes over that connection, so who has lost the lock cannot move it.
/// </summary>
internal sealed partial class PushWorker(
    NpgsqlDataSource source,
    IServiceScopeFactory scopes,
    IHttpClientFactory clients,
    PushMetrics metrics,
    IOptions<PushOptions> options,
    TimeProvider time,
    ILogger<PushWorker> logger) : BackgroundService
{
    /// <summary>Name of the client, for <c>Resilience:Clients:siem</c>.</summary>
    public const string Client = "siem";

    private readonly PushOptions _options = options.Value;
    private int _failures;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeadAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or BrokenTreeException or InvalidOperationException { InnerException: NpgsqlException })
            {
                LogStopped(logger, fault.Message);
            }

            await Task.Delay(_options.Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (!await LockAsync(connection, cancellationToken))
        {
            return;
        }

        try
        {
            await PushCursor.CreateAsync(connection, _options.Name, cancellationToken);
            while (!cancellationToken.IsCancellationRequested)
            {
                var pause = await PushNextAsync(connection, cancellationToken);
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        finally
        {
            metrics.Behind(0, TimeSpan.Zero); // whoever leads now tells it

            // The pool would keep the lock with the connection for a while.
            await UnlockAsync(connection);
        }
    }

    /// <summary>Sends the next batch, or the one that was on its way; gives back how long to wait before the one after.</summary>
    private async Task<TimeSpan> PushNextAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var cursor = (await PushCursor.ReadAsync(connection, _options.Name, cancellationToken))!;
        metrics.Behind(cursor.Behind, cursor.WaitingSince is { } since ? time.GetUtcNow() - since : TimeSpan.Zero);
        if (cursor.Behind <= 0)
        {
            return _options.Every;
        }

        using var span = PushMetrics.Source.StartActivity("push audit batch", System.Diagnostics.ActivityKind.Producer);
        var batch = await ReadAsync(connection, cursor, cancellationToken);
        span?.SetTag("platform.audit.push.from", batch.From).SetTag("platform.audit.push.to", batch.To);
        if (cursor.Pending != batch.To)
        {
            await PushCursor.BeginAsync(connection, _options.Name, batch.From, batch.To, cancellationToken);
        }

        var fault = await SendAsync(batch, cancellationToken);
        var now = time.GetUtcNow();
        if (fault is null)
        {
            await PushCursor.AcknowledgeAsync(connection, _options.Name, batch.From, batch.To, batch.RootAfter, now, cancellationToken);
            metrics.Sent(batch.To - batch.From);
            _failures = 0;
            return TimeSpan.Zero;
        }

        metrics.Failed(fault.Reason);
        span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, fault.Reason);
        LogNotTaken(logger, batch.From, batch.To, fault.Reason);
        await PushCursor.FailAsync(connection, _options.Name, fault.Reason, now, cancellationToken);
        if (fault.Status == HttpStatusCode.RequestEntityTooLarge && batch.To - batch.From > 1)
        {
            await PushCursor.BeginAsync(connection, _options.Name, batch.From, batch.From + ((batch.To - batch.From) / 2), cancellationToken);
            return TimeSpan.Zero;
        }

        return Pause(_failures++);
    }

    private async Task<PushBatch> ReadAsync(NpgsqlConnection connection, PushCursor cursor, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        return await PushBatch.ReadAsync(
            connection,
            scope.ServiceProvider.GetRequiredService<AuditDbContext>(),
            cursor.Next,
            cursor.Pending ?? Math.Min(cursor.Size, cursor.Next + _options.Batch),
            cursor.Pending is null ? _options.BatchBytes : null,
            _options.Format,
            cancellationToken);
    }

    /// <summary>Null when the receiver has acknowledged it.</summary>
    private async Task<PushFault?> SendAsync(PushBatch batch, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        using var request = batch.Request(_options);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return answer.IsSuccessStatusCode ? null : new PushFault($"HTTP {(int)answer.StatusCode}", answer.StatusCode);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Whatever it was, the batch is sent again. Not its message: that may have the address with what is in it.
            return new PushFault(fault is HttpRequestException { HttpRequestError: var kind } ? kind.ToString() : fault.GetType().Name, null);
        }
    }

    private TimeSpan Pause(int failures)
    {
        var full = Math.Min(_options.LongestDelay.TotalSeconds, _options.FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(failures, 30)));
        return TimeSpan.FromSeconds(full * (1 + Random.Shared.NextDouble()) / 2);
    }

    private async Task<bool> LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        return await connection.ScalarAsync("SELECT pg_try_advisory_lock(hashtext('audit_push'), hashtext($1))", cancellationToken, _options.Name) is true;
    }

    private async Task UnlockAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.ExecuteAsync("SELECT pg_advisory_unlock(hashtext('audit_push'), hashtext($1))", CancellationToken.None, _options.Name);
        }
        catch (Exception fault) when (fault is NpgsqlException or InvalidOperationException)
        {
            // The lock went with the connection.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Records {From} up to {To} were not taken by the receiver and are sent again: {Reason}")]
    private static partial void LogNotTaken(ILogger logger, long from, long to, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Pushing stopped and begins anew: {Reason}")]
    private static partial void LogStopped(ILogger logger, string reason);

    private sealed record PushFault(string Reason, HttpStatusCode? Status);
}
