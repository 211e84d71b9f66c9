using System.ComponentModel.DataAnnotations;
using IdentityService.AccountMail;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
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

/// <summary>
/// Changes the caller's own account, if it is still the version the caller has read. Another address takes over once a link
/// that is mailed there has been used.
/// </summary>
internal static class UpdateMe
{
    public static async Task<Results<Ok<AccountView>, ProblemHttpResult>> HandleAsync(
        UpdateMeRequest request, Caller caller, IdentityDb database, AddressChange address, HttpContext http, CancellationToken cancellationToken)
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

        // Whoever holds the address can set a new password: a token that was taken must not be enough to change it.
        if (!string.Equals(request.Email, user.Email, StringComparison.Ordinal) && await RecentSecondFactor.RefusalAsync(http) is { } lacking)
        {
            return lacking;
        }

        var before = new { user.Email, user.DisplayName };
        user.Update(string.IsNullOrWhiteSpace(request.DisplayName) ? null : request.DisplayName.Trim());
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var pending = string.Equals(request.Email, user.Email, StringComparison.Ordinal) ? null : request.Email;
        if (pending is not null && await address.BeginAsync(user, pending, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        database.AddAudit(
            caller.Envelope(),
            "user.updated",
            "user",
            user.Id.ToString(),
            before: before,
            after: new { user.Email, user.DisplayName, pendingEmail = pending });
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return AccountProblems.PreconditionFailed();
        }

        await transaction.CommitAsync(cancellationToken);
        http.Response.Headers.ETag = AccountVersion.TagOf(user);
        return TypedResults.Ok(await AccountView.OfAsync(user, database, cancellationToken));
    }
}

/// <summary>Mails a link to an address that is to take the place of an account's own.</summary>
internal sealed class AddressChange(
    AccountLinks links, MailQuotas quotas, Caller caller, IOptions<AccountMailOptions> options)
{
    /// <summary>Within the open transaction; null, or why not.</summary>
    public async Task<ProblemHttpResult?> BeginAsync(User user, string email, CancellationToken cancellationToken)
    {
        // Whether another account has it is told to whoever reads the mail there, and to nobody else.
        if (!await quotas.TakeAsync(user.Id, cancellationToken) || !await quotas.TakeAsync(LoginName.Normalize(email), cancellationToken))
        {
            return AccountProblems.TooManyMails(options.Value.QuotaWindow);
        }

        await links.IssueAsync(user, AccountLinkKind.ChangeEmail, email, caller.Envelope(), cancellationToken);
        return null;
    }
}
