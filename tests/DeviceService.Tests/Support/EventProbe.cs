using System.Collections.Concurrent;
using MassTransit;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests.Support;

/// <summary>Takes every event of this service from the broker, as another service would.</summary>
internal sealed class EventProbe : IAsyncDisposable
{
    private readonly ConcurrentQueue<IIntegrationEvent> _events = new();
    private readonly IBusControl _bus;

    private EventProbe(string messaging, bool withConnectivity) =>
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(messaging));
            rabbit.ReceiveEndpoint("probe", queue =>
            {
                queue.PrefetchCount = 500;
                Take<DeviceEnrolled>(queue);
                Take<DeviceDecommissioned>(queue);
                Take<AuditRecorded>(queue);
                if (withConnectivity)
                {
                    Take<DeviceConnectivityChanged>(queue);
                }
            });
        });

    public IReadOnlyList<IIntegrationEvent> Events => [.. _events];

    public static async Task<EventProbe> StartAsync(string messaging, bool withConnectivity = true)
    {
        var probe = new EventProbe(messaging, withConnectivity);
        await probe._bus.StartAsync(TimeSpan.FromSeconds(20));
        return probe;
    }

    public IReadOnlyList<TEvent> Of<TEvent>(Func<TEvent, bool> which) => [.. _events.OfType<TEvent>().Where(which)];

    public IReadOnlyList<AuditRecorded> Audit(string action, Guid resource) =>
        Of<AuditRecorded>(record => record.Action == action && record.ResourceId == resource.ToString());

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(5));

    private void Take<TEvent>(IReceiveEndpointConfigurator queue)
        where TEvent : class, IIntegrationEvent =>
        queue.Handler<TEvent>(context =>
        {
            _events.Enqueue(context.Message);
            return Task.CompletedTask;
        });
}
