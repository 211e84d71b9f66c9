using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace IdentityService.Accounts;

/// <summary>All that an owner may change; a missing display name removes it.</summary>
public sealed record UpdateMeRequest
{
    [Required(ErrorMessage = "is required"), EmailFormat]
    public string? Email { get; init; }

    [MaxLength(100, ErrorMessage = "must have at most 100 characters"), PlainText]
    public string? DisplayName { get; init; }
}

/// <summary>Changes the caller's own account, if it is still the version the caller has read.</summary>
internal static class UpdateMe
{
    public static async Task<Results<Ok<AccountView>, ProblemHttpResult>> HandleAsync(
        UpdateMeRequest request, Caller caller, IdentityDb database, HttpContext http, CancellationToken cancellationToken)
    {
        var ifMatch = http.Request.Headers.IfMatch;
        if (StringValues.IsNullOrEmpty(ifMatch))
        {
            return AccountProblems.PreconditionRequired();
        }

        var user = await database.Users.SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken);
        if (user is null)
        {
            return Problem.NotFound();
        }

        if (!AccountVersion.Matches(ifMatch, user))
        {
            return AccountProblems.PreconditionFailed();
        }

        var before = new { user.Email, user.DisplayName };
        user.Update(request.Email!, string.IsNullOrWhiteSpace(request.DisplayName) ? null : request.DisplayName.Trim());
        database.AddAudit(
            caller.Envelope(),
            "user.updated",
            "user",
            user.Id.ToString(),
            before: before,
            after: new { user.Email, user.DisplayName });
        return await SaveAsync(database, cancellationToken) is { } refusal
            ? refusal
            : await ShowAsync(user, database, http.Response, cancellationToken);
    }

    private static async Task<ProblemHttpResult?> SaveAsync(IdentityDb database, CancellationToken cancellationToken)
    {
        try
        {
            await database.SaveChangesAsync(cancellationToken);
            return null;
        }
        catch (DbUpdateConcurrencyException)
        {
            return AccountProblems.PreconditionFailed();
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, IdentityMapping.UniqueEmail))
        {
            return AccountProblems.Taken(userName: false, email: true);
        }
    }

    private static async Task<Ok<AccountView>> ShowAsync(
        User user, IdentityDb database, HttpResponse response, CancellationToken cancellationToken)
    {
        response.Headers.ETag = AccountVersion.TagOf(user);
        return TypedResults.Ok(await AccountView.OfAsync(user, database, cancellationToken));
    }
}
