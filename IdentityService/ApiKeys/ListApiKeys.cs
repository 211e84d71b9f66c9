using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;
using ServiceDefaults.Problems;

namespace IdentityService.ApiKeys;

/// <summary>Which page.</summary>
public sealed record ListApiKeysQuery(
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: CursorFormat] string? Cursor);

/// <summary>The caller's own keys, newest first, revoked and expired ones too.</summary>
internal static class ListApiKeys
{
    public static async Task<Ok<Page<ApiKeyView>>> HandleAsync(
        [AsParameters] ListApiKeysQuery query, Caller caller, IdentityDb database, CancellationToken cancellationToken)
    {
        var keys = database.ApiKeys.AsNoTracking().Where(row => row.UserId == caller.SubjectId);
        if (Cursor.TryParse(query.Cursor, out var after))
        {
            keys = keys.Where(row => row.CreatedAt < after.At || (row.CreatedAt == after.At && row.Id < after.Id));
        }

        var limit = query.Limit ?? PageLimits.Default;
        var rows = await keys
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .Select(ApiKeyView.Of)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<ApiKeyView>.From(rows, limit, key => new Cursor(key.CreatedAt, key.Id).ToString()));
    }

    public static async Task<Results<Ok<ApiKeyView>, ProblemHttpResult>> ShowAsync(
        Guid id, Caller caller, IdentityDb database, CancellationToken cancellationToken) =>
        await database.ApiKeys.AsNoTracking().Where(row => row.Id == id && row.UserId == caller.SubjectId)
            .Select(ApiKeyView.Of).SingleOrDefaultAsync(cancellationToken) is { } key
            ? TypedResults.Ok(key)
            : Problem.NotFound();
}
