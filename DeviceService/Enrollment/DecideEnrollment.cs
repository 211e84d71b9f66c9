using DeviceService.Connectivity;
using DeviceService.Data;
using DeviceService.Devices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Enrollment;

/// <summary>Approves a device that waits, whereupon it can get tokens, or rejects it for good.</summary>
internal sealed class DecideEnrollment(DeviceDbContext database, Caller caller, TimeProvider time)
{
    public async Task<Results<Ok<DeviceResource>, ProblemHttpResult>> HandleAsync(
        Guid id, bool approve, HttpResponse response, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await database.LockDeviceAsync(id, cancellationToken) is not { } device)
        {
            return DeviceProblems.NotFound();
        }

        var before = DeviceAudit.Snapshot(device);
        if (!device.TryDecide(approve, time.GetUtcNow()))
        {
            return DeviceProblems.NotPending();
        }

        DeviceSignal? signal = null;
        if (approve)
        {
            var key = await database.DeviceKeys.AsNoTracking()
                .SingleAsync(row => row.Thumbprint == device.KeyThumbprint, cancellationToken);
            database.Signals.Add(signal = DeviceSignal.Of(device));
            database.AddEvent(
                new DeviceEnrolled(
                    caller.Envelope(tenantId: device.TenantId), device.Id, device.Name, key.Jwk, key.Thumbprint),
                device.Id);
        }

        database.AddDeviceAudit(
            caller.Envelope(tenantId: device.TenantId),
            approve ? "device.approved" : "device.rejected",
            device,
            AuditSeverity.Notice,
            before);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        EntityTag.Show(response, device.Version);
        return TypedResults.Ok(DeviceResource.Of(device, signal));
    }
}
