using AuditService.Data;
using AuditService.Recording;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.Evidence.Verifying;

/// <summary>
/// Goes round the whole log, a part at a time, and over its newest part each time. What it finds is told once: to the
/// log itself, to the metrics, and at level Critical.
/// </summary>
internal sealed partial class IntegrityWatch(
    IntegrityCheck check,
    EvidenceMetrics metrics,
    IServiceScopeFactory scopes,
    IOptions<EvidenceOptions> options,
    TimeProvider time,
    ILogger<IntegrityWatch> logger) : BackgroundService
{
    private readonly HashSet<(string, long)> _told = [];
    private long _next;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CheckEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or UnauthorizedAccessException)
            {
                LogNotChecked(logger, fault.Message);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var part = await check.RunAsync(_next, _next + options.Value.CheckRecords, cancellationToken);
        var newest = await check.RunAsync(Math.Max(0, part.Size - options.Value.CheckRecords), null, cancellationToken);
        _next = part.To >= part.Size ? 0 : part.To;

        var faults = part.Faults.Concat(newest.Faults).DistinctBy(fault => (fault.Kind, fault.From)).ToList();
        metrics.Checked(faults.Count);
        var news = faults.Where(fault => _told.Add((fault.Kind, fault.From))).ToList();
        if (news.Count == 0)
        {
            return;
        }

        foreach (var fault in news)
        {
            LogFault(logger, fault.Kind, fault.From, fault.To, fault.Text);
        }

        await TellAsync(news, cancellationToken);
    }

    private async Task TellAsync(List<LogFault> faults, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        var now = time.GetUtcNow();
        database.AddEvent(
            new AuditRecorded(
                new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("audit"), null, null, null, null),
                AuditActions.IntegrityViolated,
                "audit",
                null,
                AuditSeverity.Critical,
                AuditResult.Failure,
                Detail: new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["faults"] = string.Join("; ", faults.Take(20).Select(fault => FormattableString.Invariant($"{fault.Kind} {fault.From}–{fault.To - 1}: {fault.Text}"))),
                }),
            AuditActions.IntegrityViolated);
        await database.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Critical, "The log was changed: {Kind} from {From} up to {To}: {Text}")]
    private static partial void LogFault(ILogger logger, string kind, long from, long to, string text);

    [LoggerMessage(2, LogLevel.Warning, "The log could not be checked: {Reason}")]
    private static partial void LogNotChecked(ILogger logger, string reason);
}
