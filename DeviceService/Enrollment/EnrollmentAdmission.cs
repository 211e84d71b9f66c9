using DeviceService.Connectivity;
using DeviceService.Data;
using DeviceService.Devices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Enrollment;

/// <summary>
/// Lets a device in that has proved its key, in one transaction:
/// <list type="number">
/// <item>Take the proof, so that it serves once.</item>
/// <item>Add the device, its key and its events.</item>
/// <item>Take one use of the token. Last, since the lock of its row makes all who share it wait for one another.</item>
/// </list>
/// Whatever is refused rolls back, so that no use is lost to a device that did not get in. Nobody is signed in here: the
/// token, and nothing that the request says, decides the tenant.
/// </summary>
internal sealed class EnrollmentAdmission(
    DeviceDbContext database, KeyProofs proofs, Caller caller, DeviceMetrics metrics, TimeProvider time)
{
    public async Task<(Device? Device, ProblemHttpResult? Refusal)> AdmitAsync(
        EnrollDeviceRequest request, string profile, DevicePublicKey key, KeyProof proof, CancellationToken cancellationToken)
    {
        var hash = EnrollmentToken.HashOf(request.EnrollmentToken!);
        var token = await database.EnrollmentTokens.AsNoTracking().IgnoreQueryFilters()
            .SingleOrDefaultAsync(row => row.Hash == hash, cancellationToken);
        if (token is null)
        {
            return (null, EnrollmentProblems.InvalidToken());
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (!await proofs.TryUseAsync(proof, cancellationToken))
        {
            return (null, DeviceProblems.InvalidProof("The proof has been used before."));
        }

        var device = Add(token, request, profile, key);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException fault) when (DeviceMapping.IsKeyInUse(fault))
        {
            await transaction.RollbackAsync(cancellationToken);
            return (null, await KeyInUseAsync(token, key, cancellationToken));
        }

        if (!await TryUseAsync(token, cancellationToken))
        {
            return (null, EnrollmentProblems.InvalidToken());
        }

        await transaction.CommitAsync(cancellationToken);
        metrics.Enrolment(device.Status == DeviceStatus.Active ? "active" : "pending_approval");
        return (device, null);
    }

    private Device Add(EnrollmentToken token, EnrollDeviceRequest request, string profile, DevicePublicKey key)
    {
        var now = time.GetUtcNow();
        var device = Device.Enroll(
            new EnrolledAs(
                token.TenantId, token.Id, request.Name!, token.Group, profile, request.Attributes ?? [], token.RequiresApproval),
            key.Thumbprint,
            now);
        var actor = new Actor(ActorKind.Device, device.Id.ToString(), device.Name);
        database.Devices.Add(device);
        database.DeviceKeys.Add(key.OwnedBy(device, now));
        if (device.Status == DeviceStatus.Active)
        {
            database.Signals.Add(DeviceSignal.Of(device));
            database.AddEvent(
                new DeviceEnrolled(caller.Envelope(actor, token.TenantId), device.Id, device.Name, key.Jwk, key.Thumbprint), device.Id);
        }

        database.AddDeviceAudit(
            caller.Envelope(actor, token.TenantId),
            "device.enrolled",
            device,
            AuditSeverity.Notice,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["enrollmentTokenId"] = token.Id.ToString() });
        return device;
    }

    /// <summary>The database counts: of any number at once, no more than the token allows get 1.</summary>
    private async Task<bool> TryUseAsync(EnrollmentToken token, CancellationToken cancellationToken) =>
        await database.EnrollmentTokens.IgnoreQueryFilters()
            .Where(row => row.Id == token.Id && row.RevokedAt == null && row.ExpiresAt > time.GetUtcNow() && row.Uses < row.MaxUses)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.Uses, one => one.Uses + 1), cancellationToken) == 1;

    /// <summary>
    /// Names the device to the one who has just proved to hold its key and has the token it came with: so a device that
    /// lost the answer to its enrolment finds its id again.
    /// </summary>
    private async Task<ProblemHttpResult> KeyInUseAsync(EnrollmentToken token, DevicePublicKey key, CancellationToken cancellationToken)
    {
        var owner = await database.Devices.IgnoreQueryFilters()
            .Where(device => device.KeyThumbprint == key.Thumbprint && device.EnrollmentTokenId == token.Id)
            .Select(device => (Guid?)device.Id)
            .SingleOrDefaultAsync(cancellationToken);
        return DeviceProblems.KeyInUse(owner);
    }
}
