using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.SecondFactor;

/// <summary>Everything that signing in takes, once more.</summary>
public sealed record DisableSecondFactorRequest : IValidatableObject
{
    [Required(ErrorMessage = "is required"), MaxLength(PasswordPolicy.Longest, ErrorMessage = "is too long")]
    public string? Password { get; init; }

    [MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? Code { get; init; }

    [MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? RecoveryCode { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TypedCodes.FaultOf(Code, RecoveryCode, nameof(Code));
}

/// <summary>
/// Disables the second factor. It asks for password and code itself, both of this moment, which is more than a step-up; to
/// ask for one as well would only make the user wait for the next code.
/// </summary>
internal static class DisableSecondFactor
{
    public static async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(
        DisableSecondFactorRequest request,
        Caller caller,
        IdentityDb database,
        Credentials credentials,
        SecondFactorCheck check,
        CancellationToken cancellationToken)
    {
        if (await database.Users.SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        if (!user.TwoFactorEnabled)
        {
            return SecondFactorProblems.NotEnabled();
        }

        var password = await credentials.CheckAsync(user, request.Password!, cancellationToken);
        if (!password.Accepted)
        {
            return await RefuseAsync(
                user, caller, database, password.BlockedFor is { } wait ? AccountProblems.TooManyFailures(wait) : AccountProblems.CurrentPasswordWrong(), cancellationToken);
        }

        var code = await check.CheckAsync(user, new TypedCode(request.Code, request.RecoveryCode), cancellationToken);
        if (!code.Accepted)
        {
            return await RefuseAsync(
                user, caller, database, code.BlockedFor is { } wait ? SecondFactorProblems.TooManyCodes(wait) : SecondFactorProblems.InvalidCode(), cancellationToken);
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        user.UseSecondFactor(enabled: false);
        database.AddAudit(caller.Envelope(), "user.mfa_disabled", "user", user.Id.ToString(), severity: AuditSeverity.Warning);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return AccountProblems.ChangedMeanwhile();
        }

        await database.Authenticators.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await database.RecoveryCodes.Where(row => row.UserId == user.Id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<ProblemHttpResult> RefuseAsync(
        User user, Caller caller, IdentityDb database, ProblemHttpResult refusal, CancellationToken cancellationToken)
    {
        database.AddAudit(caller.Envelope(), "user.mfa_disabled", "user", user.Id.ToString(), AuditResult.Denied, AuditSeverity.Warning);
        await database.SaveChangesAsync(cancellationToken);
        return refusal;
    }
}
