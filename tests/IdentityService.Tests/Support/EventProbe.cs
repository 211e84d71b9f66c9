using System.Collections.Concurrent;
using MassTransit;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests.Support;

/// <summary>Takes every event of this service from the broker, as another service would, and sends those of devices.</summary>
internal sealed class EventProbe : IAsyncDisposable
{
    private readonly ConcurrentQueue<IIntegrationEvent> _events = new();
    private readonly IBusControl _bus;

    private EventProbe(string messaging) =>
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(messaging));
            rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
            rabbit.ReceiveEndpoint("probe", queue =>
            {
                queue.PrefetchCount = 500;
                Take<UserRegistered>(queue);
                Take<PasswordChanged>(queue);
                Take<RevocationIssued>(queue);
                Take<AccountLinkIssued>(queue);
                Take<EmailChanged>(queue);
                Take<UserDisabled>(queue);
                Take<UserEnabled>(queue);
                Take<UserDeleted>(queue);
                Take<TenantDisabled>(queue);
                Take<TenantEnabled>(queue);
                Take<AuditRecorded>(queue);
            });
        });

    public static async Task<EventProbe> StartAsync(string messaging)
    {
        var probe = new EventProbe(messaging);
        await probe._bus.StartAsync(TimeSpan.FromSeconds(20));
        return probe;
    }

    public Task PublishAsync<TEvent>(TEvent message)
        where TEvent : class, IIntegrationEvent => _bus.Publish(message);

    public IReadOnlyList<TEvent> Of<TEvent>(Func<TEvent, bool> which) => [.. _events.OfType<TEvent>().Where(which)];

    /// <summary>The one event that meets the condition, once it has come.</summary>
    public async Task<TEvent> OneAsync<TEvent>(Func<TEvent, bool> which)
    {
        await Eventually.Async(() => Of(which).Count > 0, IdentityApi.Deadline, $"no {typeof(TEvent).Name} came");
        return Assert.Single(Of(which));
    }

    /// <summary>The audit record of an action on a resource, once it has come.</summary>
    public Task<AuditRecorded> AuditAsync(string action, string resource, AuditResult result = AuditResult.Success) =>
        OneAsync<AuditRecorded>(record => record.Action == action && record.ResourceId == resource && record.Result == result);

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(5));

    private void Take<TEvent>(IReceiveEndpointConfigurator queue)
        where TEvent : class, IIntegrationEvent =>
        queue.Handler<TEvent>(context =>
        {
            _events.Enqueue(context.Message);
            return Task.CompletedTask;
        });
}
