using System.ComponentModel.DataAnnotations;
using System.Globalization;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Paging;

namespace IdentityService.RevocationAdministration;

/// <summary>Which page.</summary>
/// <param name="Limit">Rows of a page.</param>
/// <param name="Cursor">From the page before.</param>
public sealed record ListRevocationsQuery(
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: RegularExpression("^[0-9]{1,18}$", ErrorMessage = "The cursor is not one that a list returned.")] string? Cursor);

/// <summary>A revocation in force.</summary>
/// <param name="Sequence">Its place in the list of all.</param>
/// <param name="Kind">What <paramref name="Value"/> names.</param>
/// <param name="Value">The id revoked; empty for a global one.</param>
/// <param name="Epoch">Tokens with a smaller epoch are refused.</param>
/// <param name="Cutoff">UTC; tokens issued before are refused.</param>
/// <param name="Actor">Who caused it.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ExpiresAt">UTC.</param>
public sealed record ActiveRevocation(
    long Sequence, RevocationKind Kind, string Value, long? Epoch, DateTimeOffset? Cutoff, string Actor, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>What is revoked now, of the caller's tenant, the latest first.</summary>
internal static class ListRevocations
{
    public static async Task<Ok<Page<ActiveRevocation>>> HandleAsync(
        [AsParameters] ListRevocationsQuery query, IdentityDb database, Caller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var active = database.Revocations.AsNoTracking().Where(row => row.ExpiresAt > now);
        if (!caller.Has(Scopes.Platform))
        {
            active = active.Where(row => row.TenantId == caller.TenantId);
        }

        if (query.Cursor is { } cursor)
        {
            var before = long.Parse(cursor, NumberStyles.None, CultureInfo.InvariantCulture);
            active = active.Where(row => row.Sequence < before);
        }

        var limit = query.Limit ?? PageLimits.Default;
        var rows = await active
            .OrderByDescending(row => row.Sequence)
            .Take(limit + 1)
            .Select(row => new ActiveRevocation(
                row.Sequence, row.Kind, row.Value, row.Epoch, row.Cutoff, row.Actor, row.CreatedAt, row.ExpiresAt))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<ActiveRevocation>.From(rows, limit, row => row.Sequence.ToString(CultureInfo.InvariantCulture)));
    }
}
