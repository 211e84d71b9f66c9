using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.SecondFactor;

/// <summary>A code of the new authenticator.</summary>
public sealed record ConfirmSecondFactorRequest
{
    [Required(ErrorMessage = "is required"), MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? Code { get; init; }
}

/// <summary>Codes to keep in a safe place; shown this once.</summary>
public sealed record RecoveryCodes(IReadOnlyList<string> Codes);

/// <summary>Enables the second factor once the user has shown that the authenticator works.</summary>
internal sealed class ConfirmSecondFactor(
    IdentityDb database, SecondFactorCheck check, SignInThrottle throttle, Caller caller, TimeProvider time)
{
    public static async Task<Results<Ok<RecoveryCodes>, ProblemHttpResult>> HandleAsync(
        ConfirmSecondFactorRequest request,
        ConfirmSecondFactor confirm,
        IOptions<SecondFactorOptions> options,
        CancellationToken cancellationToken) =>
        await confirm.ApplyAsync(request.Code!, options.Value.SetUpLife, cancellationToken);

    private async Task<Results<Ok<RecoveryCodes>, ProblemHttpResult>> ApplyAsync(
        string code, TimeSpan life, CancellationToken cancellationToken)
    {
        var key = SecondFactorCheck.KeyOf(caller.SubjectId);
        var now = time.GetInstant();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);

        // Locked: of two confirmations at once one comes second, and finds it done.
        if (await database.Authenticators.FromSql($"SELECT * FROM authenticators WHERE user_id = {caller.SubjectId} FOR UPDATE").SingleOrDefaultAsync(cancellationToken) is not { } authenticator
            || authenticator.ConfirmedAt is not null || now - authenticator.CreatedAt > life)
        {
            return SecondFactorProblems.NothingToConfirm();
        }

        if (await throttle.BlockedForAsync(key, cancellationToken) is { } blocked)
        {
            return SecondFactorProblems.TooManyCodes(blocked);
        }

        if (check.Match(authenticator, code) is not { } step)
        {
            await throttle.CountFailureAsync(key, CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
            return SecondFactorProblems.InvalidCode();
        }

        var user = await database.Users.SingleAsync(row => row.Id == caller.SubjectId, cancellationToken);
        var session = await database.Sessions.SingleAsync(row => row.Id == Guid.Parse(caller.SessionId!), cancellationToken);
        authenticator.Confirm(step, now);
        user.UseSecondFactor(enabled: true);
        session.SteppedUp(now, AuthenticationMethods.Code);
        var codes = RecoveryCode.NewTexts();
        database.RecoveryCodes.AddRange(codes.Select(text => RecoveryCode.Of(user.Id, text)));
        database.AddAudit(caller.Envelope(), "user.mfa_enabled", "user", user.Id.ToString(), severity: AuditSeverity.Notice);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return AccountProblems.ChangedMeanwhile();
        }

        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(new RecoveryCodes(codes));
    }
}
