using System.ComponentModel.DataAnnotations;
using DeviceService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;
using ServiceDefaults.Paging;

namespace DeviceService.Devices;

/// <summary>Filters of the list of devices; all that are given must hold.</summary>
/// <param name="Status"><c>pendingApproval active rejected decommissioned</c>; without it, the ones that are or may become active.</param>
/// <param name="State"><c>unknown online late offline</c>.</param>
/// <param name="Group">The whole name of a group.</param>
/// <param name="Name">The beginning of a name.</param>
public sealed record ListDevicesQuery(
    [property: AllowedValues(null, "pendingApproval", "active", "rejected", "decommissioned")] string? Status,
    [property: AllowedValues(null, "unknown", "online", "late", "offline")] string? State,
    [property: Label(DeviceLimits.Group)] string? Group,
    [property: PlainText(DeviceLimits.Name)] string? Name,
    [property: Range(1, PageLimits.Most)] int? Limit,
    [property: CursorFormat] string? Cursor);

internal sealed class ListDevices(DeviceDbContext database)
{
    public async Task<Ok<Page<DeviceResource>>> HandleAsync(ListDevicesQuery query, CancellationToken cancellationToken)
    {
        var devices = Filter(database.Devices.AsNoTracking(), query);
        if (Cursor.TryParse(query.Cursor, out var after))
        {
            devices = devices.Where(device =>
                device.EnrolledAt < after.At || (device.EnrolledAt == after.At && device.Id < after.Id));
        }

        var rows = DeviceWithSignal.From(devices, database.Signals.AsNoTracking());
        if (query.State is { } text)
        {
            var state = Enum.Parse<DeviceConnectivity>(text, ignoreCase: true);
            rows = state == DeviceConnectivity.Unknown
                ? rows.Where(row => row.Signal == null || row.Signal.State == state)
                : rows.Where(row => row.Signal != null && row.Signal.State == state);
        }

        var limit = query.Limit ?? PageLimits.Default;
        var found = await rows
            .OrderByDescending(row => row.Device.EnrolledAt).ThenByDescending(row => row.Device.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<DeviceResource>.From(
            found.ConvertAll(row => DeviceResource.Of(row.Device, row.Signal)),
            limit,
            device => new Cursor(device.EnrolledAt, device.Id).ToString()));
    }

    private static IQueryable<Device> Filter(IQueryable<Device> devices, ListDevicesQuery query)
    {
        if (query.Status is { } text)
        {
            var status = Enum.Parse<DeviceStatus>(text, ignoreCase: true);
            devices = devices.Where(device => device.Status == status);
        }
        else
        {
            devices = devices.Where(device =>
                device.Status == DeviceStatus.Active || device.Status == DeviceStatus.PendingApproval);
        }

        if (query.Group is { } group)
        {
            devices = devices.Where(device => device.Group == group);
        }

        return query.Name is { } name ? devices.Where(device => device.Name.StartsWith(name)) : devices;
    }
}
