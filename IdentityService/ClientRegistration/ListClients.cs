using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Paging;
using ServiceDefaults.Problems;

namespace IdentityService.ClientRegistration;

/// <summary>Which clients.</summary>
/// <param name="Name">The beginning of a name.</param>
/// <param name="Limit">Rows of a page.</param>
/// <param name="Cursor">From the page before.</param>
public sealed record ListClientsQuery(
    [property: StringLength(100)] string? Name,
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: CursorFormat] string? Cursor);

/// <summary>The tenant's clients, newest first.</summary>
internal static class ListClients
{
    public static async Task<Ok<Page<ClientView>>> HandleAsync(
        [AsParameters] ListClientsQuery query, IdentityDb database, CancellationToken cancellationToken)
    {
        var clients = database.Clients.AsNoTracking();
        if (query.Name is { } name)
        {
            clients = clients.Where(row => row.Name.StartsWith(name));
        }

        if (Cursor.TryParse(query.Cursor, out var after))
        {
            clients = clients.Where(row => row.CreatedAt < after.At || (row.CreatedAt == after.At && row.Id < after.Id));
        }

        var limit = query.Limit ?? PageLimits.Default;
        var rows = await clients
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<ClientView>.From(
            rows.ConvertAll(ClientView.Of), limit, client => new Cursor(client.CreatedAt, client.ClientId).ToString()));
    }

    public static async Task<Results<Ok<ClientView>, ProblemHttpResult>> ShowAsync(
        Guid id, IdentityDb database, HttpResponse response, CancellationToken cancellationToken)
    {
        if (await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } client)
        {
            return Problem.NotFound();
        }

        response.Headers.ETag = ClientProblems.TagOf(client);
        return TypedResults.Ok(ClientView.Of(client));
    }
}
