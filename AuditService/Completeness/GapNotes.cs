using System.Globalization;
using AuditService.Data;
using AuditService.Recording;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.Completeness;

/// <summary>Tells of gaps in the transaction that finds them: to whoever alerts people, and to the log itself.</summary>
internal static class GapNotes
{
    public static void Tell(AuditDbContext database, IEnumerable<DecidedWindow> found, IEnumerable<DecidedWindow> closed, DateTimeOffset now)
    {
        foreach (var (gateway, run, windows) in ByProcess(found))
        {
            var gap = new AuditGapFound(
                Envelope(now), gateway, run, windows.Min(window => window.From), windows.Max(window => window.To), windows.Count,
                windows.Sum(window => window.Missing), windows.Sum(window => window.Dropped),
                windows.Count(window => window.Kind == RequestWindow.Lost));
            database.AddEvent(gap, Aggregate(run));
            Record(database, AuditActions.GapFound, gateway, AuditSeverity.Critical, now, new(StringComparer.Ordinal)
            {
                ["run"] = run.ToString(),
                ["from"] = Text(gap.From),
                ["to"] = Text(gap.To),
                ["missing"] = Text(gap.Missing),
                ["dropped"] = Text(gap.Dropped),
                ["countsLost"] = Text(gap.CountsLost),
            });
        }

        foreach (var (gateway, run, windows) in ByProcess(closed))
        {
            var gap = new AuditGapClosed(
                Envelope(now), gateway, run, windows.Min(window => window.From), windows.Max(window => window.To), windows.Count);
            database.AddEvent(gap, Aggregate(run));
            Record(database, AuditActions.GapClosed, gateway, AuditSeverity.Notice, now, new(StringComparer.Ordinal)
            {
                ["run"] = run.ToString(),
                ["from"] = Text(gap.From),
                ["to"] = Text(gap.To),
            });
        }
    }

    private static void Record(
        AuditDbContext database, string action, string gateway, AuditSeverity severity, DateTimeOffset now, Dictionary<string, string> detail) =>
        database.AddEvent(
            new AuditRecorded(Envelope(now), action, "gateway", gateway, severity, AuditResult.Success, Detail: detail), action);

    private static IEnumerable<(string Gateway, Guid Run, List<DecidedWindow> Windows)> ByProcess(IEnumerable<DecidedWindow> windows) =>
        windows.GroupBy(window => (window.Gateway, window.Run)).Select(group => (group.Key.Gateway, group.Key.Run, group.ToList()));

    private static string Aggregate(Guid run) => $"audit.gaps:{run}";

    private static EventEnvelope Envelope(DateTimeOffset now) =>
        new(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("audit"), null, null, null, null);

    private static string Text(IFormattable value) => value.ToString(value is DateTimeOffset ? "O" : null, CultureInfo.InvariantCulture);
}
