using MassTransit;
using ServiceDefaults.Contracts;

namespace Platform.Testing;

/// <summary>Another service on the bus. The queues outlive the service that made them, so nothing needs to run.</summary>
public sealed class Publisher : IAsyncDisposable
{
    private readonly IBusControl _bus;

    private Publisher(IBusControl bus) => _bus = bus;

    public static async Task<Publisher> ConnectAsync(string address)
    {
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(address));
            rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
        });
        await bus.StartAsync();
        return new Publisher(bus);
    }

    public Task PublishAsync<TEvent>(IEnumerable<TEvent> messages)
        where TEvent : class, IIntegrationEvent => Task.WhenAll(messages.Select(message => _bus.Publish(message)));

    public Task PublishAsync<TEvent>(TEvent message)
        where TEvent : class, IIntegrationEvent => _bus.Publish(message);

    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
