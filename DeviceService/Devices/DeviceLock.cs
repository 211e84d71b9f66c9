using DeviceService.Data;
using Microsoft.EntityFrameworkCore;

namespace DeviceService.Devices;

internal static class DeviceLock
{
    /// <summary>Reads a device of the caller's tenant and holds it against other changes until the transaction ends.</summary>
    public static Task<Device?> LockDeviceAsync(this DeviceDbContext database, Guid id, CancellationToken cancellationToken) =>
        database.Devices.FromSql($"SELECT * FROM devices WHERE id = {id} FOR NO KEY UPDATE").SingleOrDefaultAsync(cancellationToken);
}
