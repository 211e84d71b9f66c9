using AuditService.Completeness;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Evidence.Verifying;
using AuditService.Reading;
using AuditService.Retention;
using AuditService.Statistics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace AuditService.Compliance;

/// <summary>Gathers a report from statistics, records, holds, checkpoints and windows.</summary>
internal sealed class ReportMaker(
    AuditDbContext database,
    NpgsqlDataSource source,
    StatisticsQuery statistics,
    IntegrityCheck integrity,
    EvidenceState evidence,
    LogKey key,
    IOptions<RetentionOptions> retention,
    IOptions<EvidenceOptions> evidenceOptions,
    TimeProvider time)
{
    private const int MostItems = 200;
    private const int MostCounts = 10_000;

    public async Task<ComplianceReport> MakeAsync(Caller caller, Guid? tenant, (DateOnly From, DateOnly To) days, CancellationToken cancellationToken)
    {
        var isPlatform = caller.Has(Scopes.Platform);
        var filter = new StatisticsFilter { TenantId = tenant };
        var (total, lines) = await statistics.RunAsync(StatisticsKey.ActionAndResult, filter, days, MostCounts, cancellationToken);
        var counts = lines.ToDictionary(line => line.Key, line => line.Records, StringComparer.Ordinal);
        var period = Period.Of(days);
        List<ReportSection> sections = [];
        foreach (var subject in ReportSubjects.All)
        {
            sections.Add(await SectionAsync(subject, counts, tenant, period, cancellationToken));
        }

        return new ComplianceReport(
            key.Value.Name, isPlatform ? tenant : caller.TenantId, days.From, days.To, time.GetUtcNow(), caller.Subject, total, sections,
            await RetentionAsync(isPlatform, tenant, period, cancellationToken),
            await IntegrityAsync(caller, period, cancellationToken),
            await CompletenessAsync(isPlatform, period, cancellationToken));
    }

    private async Task<ReportSection> SectionAsync(
        ReportSubject subject, Dictionary<string, long> counts, Guid? tenant, Period period, CancellationToken cancellationToken)
    {
        var actions = subject.Actions;
        List<RecordLine> items = [];
        if (subject.IsListed)
        {
            var records = database.Records.Where(row => actions.Contains(row.Action) && row.OccurredAt >= period.From && row.OccurredAt < period.To);
            records = tenant is { } one ? records.Where(row => row.TenantId == one) : records;
            items = await ListRecords.Lines(records, MostItems).ToListAsync(cancellationToken);
        }

        return new ReportSection(
            subject.Title, subject.Controls, [.. actions.Select(action => CountOf(action, counts))], [.. items.Take(MostItems)], items.Count > MostItems);
    }

    private static ActionCount CountOf(string action, Dictionary<string, long> counts)
    {
        return new ActionCount(
            action, ActionCatalogue.Find(action)?.Meaning ?? "", Of("success"), Of("denied"), Of("failure"), Of("unknown"));
        long Of(string result) => counts.GetValueOrDefault($"{action} {result}");
    }

    private async Task<RetentionState> RetentionAsync(bool isPlatform, Guid? tenant, Period period, CancellationToken cancellationToken)
    {
        var holds = await database.Holds.AsNoTracking()
            .Where(hold => (tenant == null || hold.TenantId == tenant) && hold.PlacedAt < period.To && (hold.ReleasedAt == null || hold.ReleasedAt >= period.From))
            .OrderByDescending(hold => hold.PlacedAt).Take(MostItems).ToListAsync(cancellationToken);
        await using var command = source.CreateCommand(
            "SELECT day, records, dropped_at FROM audit_anchors WHERE dropped_at >= $1 AND dropped_at < $2 ORDER BY day, number LIMIT 1000");
        command.Parameters.Add(new() { Value = period.From });
        command.Parameters.Add(new() { Value = period.To });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<DroppedDay> dropped = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            dropped.Add(new DroppedDay(
                reader.GetFieldValue<DateOnly>(0), isPlatform ? reader.GetInt64(1) : null, reader.GetFieldValue<DateTimeOffset>(2)));
        }

        return new RetentionState(retention.Value.Days, dropped, holds);
    }

    private async Task<IntegrityState> IntegrityAsync(Caller caller, Period period, CancellationToken cancellationToken)
    {
        var check = await integrity.RunAsync(
            Math.Max(0, (evidence.Known?.Size ?? 0) - evidenceOptions.Value.CheckRecords), null, cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var last = await Checkpoints.AtLeastAsync(connection, null, cancellationToken);
        var published = await Checkpoints.CountAsync(connection, period.From, period.To, cancellationToken);
        return new IntegrityState(published, last?.Note, check.For(caller));
    }

    private async Task<CompletenessState> CompletenessAsync(bool isPlatform, Period period, CancellationToken cancellationToken)
    {
        var windows = database.RequestWindows.AsNoTracking().Where(row => row.WindowTo > period.From && row.WindowFrom < period.To);
        var states = await windows.GroupBy(row => row.State)
            .Select(group => new { State = group.Key, Windows = group.LongCount(), Missing = group.Sum(row => row.Missing), Dropped = group.Sum(row => row.Dropped) })
            .ToListAsync(cancellationToken);
        var gaps = await windows.Where(row => row.State == RequestWindow.Gap)
            .OrderByDescending(row => row.WindowTo).ThenByDescending(row => row.Id).Take(MostItems + 1).ToListAsync(cancellationToken);
        var open = states.Find(state => state.State == RequestWindow.Gap);
        return new CompletenessState(
            Of(RequestWindow.Complete), Of(RequestWindow.Pending), Of(RequestWindow.Gap), open?.Missing ?? 0, open?.Dropped ?? 0,
            [.. gaps.Take(MostItems).Select(row => CompletenessWindow.Of(row, isPlatform))], gaps.Count > MostItems);

        long Of(string name) => states.Find(state => state.State == name)?.Windows ?? 0;
    }

    /// <summary>The days as instants.</summary>
    private readonly record struct Period(DateTimeOffset From, DateTimeOffset To)
    {
        public static Period Of((DateOnly From, DateOnly To) days) => new(Start(days.From), days.To == DateOnly.MaxValue ? DateTimeOffset.MaxValue : Start(days.To.AddDays(1)));

        private static DateTimeOffset Start(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
    }
}
