using DeviceService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Devices;

/// <summary>Takes a device out of the fleet for good. Its row and its keys stay; its heartbeats end here.</summary>
internal sealed class DecommissionDevice(DeviceDbContext database, Caller caller, TimeProvider time)
{
    public async Task<Results<NoContent, ProblemHttpResult>> HandleAsync(Guid id, CancellationToken cancellationToken)
    {
        // Locked, so that of two calls, or of this and an approval, the second one sees what the first one did.
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await database.LockDeviceAsync(id, cancellationToken) is not { } device)
        {
            return DeviceProblems.NotFound();
        }

        var before = DeviceAudit.Snapshot(device);
        var wasActive = device.Status == DeviceStatus.Active;
        if (!device.TryDecommission(time.GetUtcNow()))
        {
            return TypedResults.NoContent();
        }

        if (wasActive)
        {
            // Nobody outside has heard of a device that was never active.
            database.AddEvent(new DeviceDecommissioned(caller.Envelope(tenantId: device.TenantId), device.Id), device.Id);
        }

        database.AddDeviceAudit(
            caller.Envelope(tenantId: device.TenantId), "device.decommissioned", device, AuditSeverity.Notice, before);
        await database.SaveChangesAsync(cancellationToken);
        await database.Signals.Where(signal => signal.DeviceId == id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
