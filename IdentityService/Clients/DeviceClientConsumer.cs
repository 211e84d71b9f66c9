using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using MassTransit;
using ServiceDefaults.Contracts;

namespace IdentityService.Clients;

/// <summary>Follows the fleet: a device that enrolled may get tokens, one that was decommissioned may not.</summary>
internal sealed class DeviceClientConsumer(IdentityDb database, RevocationLog revocations, TimeProvider time)
    : IConsumer<DeviceEnrolled>, IConsumer<DeviceDecommissioned>
{
    public async Task Consume(ConsumeContext<DeviceEnrolled> context)
    {
        var enrolled = context.Message;
        var client = await FindOrAddAsync(enrolled.DeviceId, enrolled.Envelope, context.CancellationToken);
        client.Enrol(enrolled.Name, enrolled.PublicKeyJwk, enrolled.KeyThumbprint);
    }

    public async Task Consume(ConsumeContext<DeviceDecommissioned> context)
    {
        var (envelope, deviceId) = context.Message;
        var client = await FindOrAddAsync(deviceId, envelope, context.CancellationToken);
        if (client.Decommission(time.GetInstant()))
        {
            await revocations.AddAsync(
                RevocationKind.Subject, deviceId.ToString(), client.Epoch, envelope, context.CancellationToken);
        }
    }

    private async Task<DeviceClient> FindOrAddAsync(Guid deviceId, EventEnvelope envelope, CancellationToken cancellationToken)
    {
        if (await database.DeviceClients.FindAsync([deviceId], cancellationToken) is { } known)
        {
            return known;
        }

        var client = new DeviceClient { Id = deviceId, TenantId = envelope.TenantId, CreatedAt = time.GetInstant() };
        database.DeviceClients.Add(client);
        return client;
    }
}
