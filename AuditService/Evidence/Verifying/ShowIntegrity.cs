using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;

namespace AuditService.Evidence.Verifying;

/// <summary>Checks a part of the log, the newest unless another is asked for.</summary>
internal static class ShowIntegrity
{
    /// <summary>Leaves that one request checks at most.</summary>
    public const int Most = 100_000;

    public static async Task<Ok<IntegrityReport>> HandleAsync(
        [Range(0, long.MaxValue)] long? from,
        [Range(0, long.MaxValue)] long? to,
        IntegrityCheck check,
        EvidenceState state,
        Caller caller,
        CancellationToken cancellationToken)
    {
        var end = to ?? (from is { } first ? first + Math.Min(Most, long.MaxValue - first) : null as long?);
        var start = from ?? Math.Max(0, (end ?? state.Known?.Size ?? 0) - Most);
        var report = await check.RunAsync(start, end is { } last ? Math.Min(last, start + Math.Min(Most, long.MaxValue - start)) : null, cancellationToken);
        return TypedResults.Ok(report.For(caller));
    }
}
