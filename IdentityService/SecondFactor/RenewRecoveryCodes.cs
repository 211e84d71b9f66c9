using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.SecondFactor;

/// <summary>Makes new recovery codes; those before are of no more use.</summary>
internal static class RenewRecoveryCodes
{
    public static async Task<Results<Ok<RecoveryCodes>, ProblemHttpResult>> HandleAsync(
        Caller caller, IdentityDb database, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);

        // Locked: two at once would leave the user with twenty.
        if (await database.Authenticators.FromSql($"SELECT * FROM authenticators WHERE user_id = {caller.SubjectId} FOR UPDATE").SingleOrDefaultAsync(cancellationToken)
            is not { ConfirmedAt: not null } authenticator)
        {
            return SecondFactorProblems.NotEnabled();
        }

        await database.RecoveryCodes.Where(row => row.UserId == authenticator.UserId).ExecuteDeleteAsync(cancellationToken);
        var codes = RecoveryCode.NewTexts();
        database.RecoveryCodes.AddRange(codes.Select(text => RecoveryCode.Of(authenticator.UserId, text)));
        database.AddAudit(
            caller.Envelope(), "user.recovery_codes_generated", "user", authenticator.UserId.ToString(), severity: AuditSeverity.Notice);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(new RecoveryCodes(codes));
    }
}
