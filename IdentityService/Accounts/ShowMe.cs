using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace IdentityService.Accounts;

/// <summary>Shows the caller's own account, with its ETag.</summary>
internal static class ShowMe
{
    public static async Task<Results<Ok<AccountView>, ProblemHttpResult>> HandleAsync(
        Caller caller, IdentityDb database, HttpResponse response, CancellationToken cancellationToken)
    {
        var user = await database.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken);
        if (user is null)
        {
            return Problem.NotFound();
        }

        response.Headers.ETag = AccountVersion.TagOf(user);
        return TypedResults.Ok(await AccountView.OfAsync(user, database, cancellationToken));
    }
}
