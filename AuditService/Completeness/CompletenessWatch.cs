using System.Diagnostics;
using AuditService.Data;
using AuditService.Retention;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.Completeness;

/// <summary>
/// Compares what the gateways counted with what is in the log. A window that still lacks something when its time is over
/// is a gap: told once, and once more when it has closed.
/// </summary>
internal sealed partial class CompletenessWatch(
    IServiceScopeFactory scopes,
    CompletenessMetrics metrics,
    IOptions<CompletenessOptions> options,
    IOptions<RetentionOptions> retention,
    TimeProvider time,
    ILogger<CompletenessWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or DbUpdateException or InvalidOperationException { InnerException: NpgsqlException })
            {
                LogNotCompared(logger, fault.Message);
            }
        }
    }

    /// <summary>Compares once; does nothing while another replica does.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var span = CompletenessMetrics.Source.StartActivity("compare completeness");
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)database.Database.GetDbConnection();
        if (await connection.ScalarAsync(WindowStatements.Lock, cancellationToken) is not true)
        {
            return;
        }

        var now = time.GetUtcNow();
        var decided = await DecideAsync(connection, now, cancellationToken);
        var found = decided.Where(window => window is { State: RequestWindow.Gap, Former: RequestWindow.Pending }).ToList();
        var closed = decided.Where(window => window is { State: RequestWindow.Complete, Former: RequestWindow.Gap }).ToList();
        GapNotes.Tell(database, found, closed, now);
        await database.SaveChangesAsync(cancellationToken);
        await using (var open = connection.Command(WindowStatements.Open))
        {
            await using var reader = await open.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            metrics.Open(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        }

        await transaction.CommitAsync(cancellationToken);
        Report(found, closed, decided, span);
    }

    private async Task<List<DecidedWindow>> DecideAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(WindowStatements.AddLost, cancellationToken, now);
        await connection.ExecuteAsync(WindowStatements.NotePreceded, cancellationToken, now);
        await connection.ExecuteAsync(WindowStatements.AddTails, cancellationToken, now, now - options.Value.Grace);
        List<DecidedWindow> decided = [];
        await using (var decide = connection.Command(WindowStatements.Decide, now))
        {
            await using var reader = await decide.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                decided.Add(DecidedWindow.Read(reader));
            }
        }

        var complete = decided.Where(window => window.State == RequestWindow.Complete).ToList();
        await connection.ExecuteAsync(
            WindowStatements.Forget, cancellationToken,
            complete.Select(window => window.Run).ToArray(), complete.Select(window => window.Number).ToArray());
        foreach (var expire in WindowStatements.Expire)
        {
            await connection.ExecuteAsync(expire, cancellationToken, now.AddDays(-retention.Value.Days));
        }

        return decided;
    }

    private void Report(List<DecidedWindow> found, List<DecidedWindow> closed, List<DecidedWindow> decided, Activity? span)
    {
        span?.SetTag("platform.audit.windows", decided.Count).SetTag("platform.audit.gaps.found", found.Count).SetTag("platform.audit.gaps.closed", closed.Count);
        metrics.Decided("gap", found.Count);
        metrics.Decided("closed", closed.Count);
        metrics.Decided("complete", decided.Count(window => window is { State: RequestWindow.Complete, Former: RequestWindow.Pending }));
        foreach (var gap in found)
        {
            LogGap(logger, gap.Missing, gap.Dropped, gap.Gateway, gap.From, gap.To);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The gateways' counts could not be compared with the log: {Reason}")]
    private static partial void LogNotCompared(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Critical, "The log lacks {Missing} requests, and {Dropped} that could not be recorded, of gateway {Gateway} from {From} to {To}")]
    private static partial void LogGap(ILogger logger, long missing, long dropped, string gateway, DateTimeOffset from, DateTimeOffset to);
}
