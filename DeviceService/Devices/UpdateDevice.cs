using System.ComponentModel.DataAnnotations;
using DeviceService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace DeviceService.Devices;

/// <summary>Replaces what people say about a device. What is left out is emptied.</summary>
public sealed record UpdateDeviceRequest
{
    [Required]
    [PlainText(DeviceLimits.Name)]
    public string? Name { get; init; }

    [Label(DeviceLimits.Group)]
    public string? Group { get; init; }

    [AttributeMap]
    public Dictionary<string, string>? Attributes { get; init; }
}

internal sealed class UpdateDevice(DeviceDbContext database, Caller caller, TimeProvider time)
{
    public async Task<Results<Ok<DeviceResource>, ProblemHttpResult>> HandleAsync(
        Guid id, UpdateDeviceRequest request, HttpContext http, CancellationToken cancellationToken)
    {
        if (await database.Devices.SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } device)
        {
            return DeviceProblems.NotFound();
        }

        switch (EntityTag.Matches(http.Request, device.Version))
        {
            case null:
                return DeviceProblems.VersionRequired();
            case false:
                return DeviceProblems.Changed();
        }

        if (device.Status == DeviceStatus.Decommissioned)
        {
            return DeviceProblems.Decommissioned();
        }

        var before = DeviceAudit.Snapshot(device);
        device.Describe(request.Name!, request.Group, request.Attributes ?? [], time.GetUtcNow());
        database.AddDeviceAudit(caller.Envelope(tenantId: device.TenantId), "device.updated", device, before: before);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return DeviceProblems.Changed();
        }

        var signal = await database.Signals.AsNoTracking().SingleOrDefaultAsync(row => row.DeviceId == id, cancellationToken);
        EntityTag.Show(http.Response, device.Version);
        return TypedResults.Ok(DeviceResource.Of(device, signal));
    }
}
