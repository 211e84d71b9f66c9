using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Revocations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.UserAdministration;

/// <summary>An account that is being changed, locked until the transaction's end.</summary>
/// <param name="User">The account.</param>
/// <param name="Roles">Its roles before.</param>
/// <param name="Cause">Who changes it.</param>
internal sealed record OpenedUser(User User, IReadOnlyList<string> Roles, EventEnvelope Cause);

/// <summary>What a change did.</summary>
/// <param name="Refusal">Why it did nothing; null when it did what was asked.</param>
/// <param name="Revocation">What it ended; null for nothing.</param>
internal readonly record struct UserChanged(ProblemHttpResult? Refusal = null, Revocation? Revocation = null)
{
    public static UserChanged Refused(ProblemHttpResult refusal) => new(refusal);
}

/// <summary>
/// The frame of every change to somebody else's account: one transaction around lock, rights, change, events and what has
/// to end; the answer waits for the gateways when something ended.
/// </summary>
internal sealed class UserChange(
    IdentityDb database, AdministratorRights rights, AccountEnding ending, SignInThrottle throttle, Caller caller)
{
    /// <summary>Null when it is done.</summary>
    /// <param name="id">Whose account.</param>
    /// <param name="ifMatch">The version that the caller has read; empty for any.</param>
    /// <param name="change">The change; what it adds to the context is saved.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<ProblemHttpResult?> ApplyAsync(
        Guid id, StringValues ifMatch, Func<OpenedUser, Task<UserChanged>> change, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await database.Users.FromSql($"SELECT * FROM users WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        var roles = await database.AssignedRolesOfAsync(id, cancellationToken);
        if (rights.RefusalOf(roles) is { } above)
        {
            return above;
        }

        if (ifMatch.Count > 0 && !AccountVersion.Matches(ifMatch, user))
        {
            return AccountProblems.PreconditionFailed();
        }

        var changed = await change(new OpenedUser(user, roles, caller.Envelope(tenantId: user.TenantId)));
        if (changed.Refusal is { } refusal)
        {
            return refusal;
        }

        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (changed.Revocation is { } revocation)
        {
            await ending.CommittedAsync(revocation, cancellationToken);
        }

        return null;
    }

    /// <summary>Applies it and shows the account.</summary>
    public async Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> ApplyAndShowAsync(
        Guid id, HttpContext http, Func<OpenedUser, Task<UserChanged>> change, CancellationToken cancellationToken) =>
        await ApplyAsync(id, http.Request.Headers.IfMatch, change, cancellationToken) is { } refusal
            ? refusal
            : await ShowAsync(id, http.Response, cancellationToken);

    /// <summary>Shows an account with its version.</summary>
    public async Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> ShowAsync(
        Guid id, HttpResponse response, CancellationToken cancellationToken)
    {
        if (await database.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        response.Headers.ETag = AccountVersion.TagOf(user);
        return TypedResults.Ok(AdministeredUser.Of(
            user,
            await database.AssignedRolesOfAsync(user.Id, cancellationToken),
            await throttle.BlockedUntilAsync(user, cancellationToken)));
    }
}
