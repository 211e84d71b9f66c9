using System.ComponentModel.DataAnnotations;
using DeviceService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Paging;

namespace DeviceService.Enrollment;

/// <summary>Which page of the enrolment tokens, newest first.</summary>
public sealed record ListEnrollmentTokensQuery(
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: CursorFormat] string? Cursor);

internal sealed class ListEnrollmentTokens(DeviceDbContext database)
{
    public async Task<Ok<Page<EnrollmentTokenResource>>> HandleAsync(
        ListEnrollmentTokensQuery query, CancellationToken cancellationToken)
    {
        var tokens = database.EnrollmentTokens.AsNoTracking();
        if (Cursor.TryParse(query.Cursor, out var after))
        {
            tokens = tokens.Where(token => token.CreatedAt < after.At || (token.CreatedAt == after.At && token.Id < after.Id));
        }

        var limit = query.Limit ?? PageLimits.Default;
        var found = await tokens
            .OrderByDescending(token => token.CreatedAt).ThenByDescending(token => token.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<EnrollmentTokenResource>.From(
            found.ConvertAll(EnrollmentTokenResource.Of),
            limit,
            token => new Cursor(token.CreatedAt, token.Id).ToString()));
    }

    public async Task<Results<Ok<EnrollmentTokenResource>, ProblemHttpResult>> GetAsync(
        Guid id, CancellationToken cancellationToken) =>
        await database.EnrollmentTokens.AsNoTracking().SingleOrDefaultAsync(token => token.Id == id, cancellationToken) is { } token
            ? TypedResults.Ok(EnrollmentTokenResource.Of(token))
            : EnrollmentProblems.TokenNotFound();
}
