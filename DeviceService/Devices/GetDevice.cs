using DeviceService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace DeviceService.Devices;

internal sealed class GetDevice(DeviceDbContext database, Caller caller)
{
    public async Task<Results<Ok<DeviceResource>, ProblemHttpResult>> HandleAsync(
        Guid id, HttpResponse response, CancellationToken cancellationToken)
    {
        // A device sees itself and no other.
        if (!caller.Has(Scopes.DevicesRead) && caller.Subject != id.ToString())
        {
            return DeviceProblems.NotFound();
        }

        var found = await DeviceWithSignal
            .From(database.Devices.AsNoTracking().Where(device => device.Id == id), database.Signals.AsNoTracking())
            .SingleOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return DeviceProblems.NotFound();
        }

        EntityTag.Show(response, found.Device.Version);
        return TypedResults.Ok(DeviceResource.Of(found.Device, found.Signal));
    }
}
