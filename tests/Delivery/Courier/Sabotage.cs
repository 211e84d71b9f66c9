using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Contracts;

namespace Delivery.Courier;

/// <summary>What is taken away, to see that the checks notice.</summary>
public enum Sabotage
{
    None,

    /// <summary>The receiver does not remember what it has handled.</summary>
    Inbox,

    /// <summary>The senders do not wait for the broker's confirm.</summary>
    Confirms,

    /// <summary>The senders publish after their commit, by themselves.</summary>
    Outbox,
}

/// <summary>How this courier works.</summary>
/// <param name="By">What is taken away.</param>
/// <param name="Audited">Whether each operation is told to the audit log; without one, an event that no queue takes would hold up its aggregate.</param>
internal sealed record CourierWay(Sabotage By, bool Audited);

internal static class TakingAway
{
    /// <summary>Gives the relay a bus that is told at once that all is well.</summary>
    public static void TakeAwayConfirms(this IServiceCollection services, Sabotage sabotage, string broker)
    {
        if (sabotage != Sabotage.Confirms)
        {
            return;
        }

        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(broker), host => host.PublisherConfirmation = false);
            rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
        });
        services.AddSingleton<IBus>(bus);
        services.AddHostedService(_ => new Starting(bus));
    }

    private sealed class Starting(IBusControl bus) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => bus.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => bus.StopAsync(cancellationToken);
    }
}
