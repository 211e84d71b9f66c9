using DeviceService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Enrollment;

/// <summary>No device can enrol with the token any more; those that did stay. The row stays for the list.</summary>
internal sealed class RevokeEnrollmentToken(DeviceDbContext database, Caller caller, TimeProvider time)
{
    public async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await database.EnrollmentTokens.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } token)
        {
            return EnrollmentProblems.TokenNotFound();
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var revoked = await database.EnrollmentTokens
            .Where(row => row.Id == id && row.RevokedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.RevokedAt, time.GetUtcNow()), cancellationToken);

        // The second of two calls finds nothing left to do, and nothing to tell.
        if (revoked == 1)
        {
            database.AddEvent(
                new AuditRecorded(
                    caller.Envelope(tenantId: token.TenantId),
                    "enrollment_token.revoked",
                    "enrollment_token",
                    id.ToString(),
                    AuditSeverity.Notice,
                    AuditResult.Success),
                id);
            await database.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
