using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;
using ServiceDefaults.Problems;

namespace IdentityService.Sessions;

/// <summary>Which page.</summary>
public sealed record ListSessionsQuery(
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: CursorFormat] string? Cursor);

/// <summary>The living sessions of a user, newest first, applications' too.</summary>
internal sealed class ListSessions(IdentityDb database, Caller caller, TimeProvider time)
{
    public static async Task<Ok<Page<SessionView>>> HandleAsync(
        [AsParameters] ListSessionsQuery query, ListSessions list, Caller caller, CancellationToken cancellationToken) =>
        TypedResults.Ok(await list.ReadAsync(caller.SubjectId, query, cancellationToken));

    /// <summary>The same for an administrator of the user's tenant.</summary>
    public static async Task<Results<Ok<Page<SessionView>>, ProblemHttpResult>> OfUserAsync(
        Guid id, [AsParameters] ListSessionsQuery query, ListSessions list, IdentityDb database, CancellationToken cancellationToken) =>
        await database.Users.AnyAsync(row => row.Id == id, cancellationToken)
            ? TypedResults.Ok(await list.ReadAsync(id, query, cancellationToken))
            : Problem.NotFound();

    private async Task<Page<SessionView>> ReadAsync(Guid userId, ListSessionsQuery query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (seesAll, tenant) = (caller.Has(Scopes.Platform), caller.TenantId);

        // Without the filters, since an application may be another tenant's: so the tenant is asked for here.
        var living =
            from session in database.Sessions.AsNoTracking().IgnoreQueryFilters()
            join user in database.Users on session.UserId equals user.Id
            where user.Id == userId && user.TenantId == session.TenantId && (seesAll || user.TenantId == tenant)
                && session.RevokedAt == null && session.ExpiresAt > now && session.Epoch >= user.Epoch
            select session;
        if (Cursor.TryParse(query.Cursor, out var after))
        {
            living = living.Where(row => row.CreatedAt < after.At || (row.CreatedAt == after.At && row.Id < after.Id));
        }

        var limit = query.Limit ?? PageLimits.Default;
        var rows = await living
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .Select(row => new
            {
                Session = row,
                Client = database.Clients.Where(client => client.Id == row.ClientId).Select(client => client.Name).FirstOrDefault(),
            })
            .ToListAsync(cancellationToken);
        return Page<SessionView>.From(
            rows.ConvertAll(row => SessionView.Of(row.Session, row.Client, caller.SessionId)),
            limit,
            view => new Cursor(view.CreatedAt, view.Id).ToString());
    }
}
