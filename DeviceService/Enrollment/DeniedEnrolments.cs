using DeviceService.Data;
using DeviceService.Devices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Enrollment;

/// <summary>Somebody tried to enrol and was refused: the owner of the token wants to know.</summary>
internal sealed class DeniedEnrolments(DeviceDbContext database, Caller caller, DeviceMetrics metrics)
{
    /// <summary>Audits the refusal in the tenant of the token, where there is one, and gives it back as the answer.</summary>
    public async Task<ProblemHttpResult> AnswerAsync(
        EnrollDeviceRequest request, ProblemHttpResult refusal, CancellationToken cancellationToken)
    {
        var reason = (string)refusal.ProblemDetails.Extensions["code"]!;
        metrics.Enrolment(reason);

        // What was rolled back is still in the context.
        database.ChangeTracker.Clear();
        var hash = EnrollmentToken.HashOf(request.EnrollmentToken!);
        var token = await database.EnrollmentTokens.AsNoTracking().IgnoreQueryFilters()
            .SingleOrDefaultAsync(row => row.Hash == hash, cancellationToken);
        database.AddEvent(
            new AuditRecorded(
                caller.Envelope(Actor.Anonymous, token?.TenantId ?? Tenants.Default),
                "device.enrollment_denied",
                "enrollment_token",
                token?.Id.ToString(),
                AuditSeverity.Warning,
                AuditResult.Denied,
                Detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason, ["name"] = request.Name! }),
            token?.Id.ToString() ?? "enrollment_denied");
        await database.SaveChangesAsync(cancellationToken);
        return refusal;
    }
}
