using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Hosting;

namespace ServiceDefaults.Messaging;

/// <summary>MassTransit on RabbitMQ with the service's outbox and inbox.</summary>
public static class MessagingSetup
{
    /// <summary>
    /// Adds the bus, the relay of the outbox and the inbox around every consumer.
    /// </summary>
    /// <param name="builder">The host; <typeparamref name="TContext"/> and its <see cref="NpgsqlDataSource"/> are in it.</param>
    /// <param name="service">Prefix of the service's queues, for example <c>audit</c>.</param>
    /// <param name="consumers">Registers the consumers; each gets a quorum queue of its own.</param>
    /// <param name="inbox">
    /// False for a service whose consumers drop a second delivery by their own write; they get no transaction around them.
    /// </param>
    /// <typeparam name="TContext">The service's context, with <see cref="MessagingModel.AddMessaging(ModelBuilder)"/> in its model.</typeparam>
    public static IHostApplicationBuilder AddMessaging<TContext>(
        this IHostApplicationBuilder builder,
        string service,
        Action<IBusRegistrationConfigurator>? consumers = null,
        bool inbox = true)
        where TContext : DbContext
    {
        builder.Services.TryAddScoped<DbContext>(services => services.GetRequiredService<TContext>());
        builder.Services.AddSingleton<MessagingMetrics>();
        builder.Services.AddReceiveObserver<DeadLetterCounting>();
        builder.Services.AddSingleton<OutboxPublisher>();
        builder.Services.AddSingleton<OutboxWakeUp>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OutboxWakeUp>());
        builder.Services.AddHostedService<OutboxRelay>();
        builder.Services.AddHostedService<OutboxGauges>();
        builder.Services.AddHostedService<InboxPartitions>();
        builder.AddBus(service, consumers, (context, bus) =>
        {
            bus.UseDeadLetterQueue();
            if (inbox)
            {
                bus.UseConsumeFilter(typeof(InboxFilter<>), context, filter => filter.Include(HasEnvelope));
            }
        });
        return builder;
    }

    /// <summary>Adds the bus alone, for a host without a database of its own.</summary>
    public static IHostApplicationBuilder AddMessaging(
        this IHostApplicationBuilder builder, string service, Action<IBusRegistrationConfigurator>? consumers = null)
    {
        builder.AddBus(service, consumers, (_, _) => { });
        return builder;
    }

    private static void AddBus(
        this IHostApplicationBuilder builder,
        string service,
        Action<IBusRegistrationConfigurator>? consumers,
        Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator> inbox)
    {
        builder.Services.AddValidatedOptions<MessagingOptions>("Messaging").Validate<IConfiguration>(
            (_, configuration) => BrokerAddress(configuration) is not null,
            "ConnectionStrings:messaging: it is missing or no URI. Set ConnectionStrings__messaging to amqp://user:password@host:port.")
            .Validate<IConfiguration, IHostEnvironment>(
                (_, configuration, environment) => ConnectionPassword.IsGood(configuration.GetConnectionString("messaging"), environment),
                $"ConnectionStrings:messaging: {ConnectionPassword.Advice}")
            .Validate(options => options.RelayLease > options.ConfirmTimeout, "Messaging:RelayLease: it must be longer than Messaging:ConfirmTimeout.");
        builder.Services.Configure<MassTransitHostOptions>(host => host.StopTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddMassTransit(bus =>
        {
            bus.SetEndpointNameFormatter(new KebabCaseEndpointNameFormatter(service, includeNamespace: false));
            bus.AddConfigureEndpointsCallback(UseQuorumQueue);
            consumers?.Invoke(bus);
            bus.UsingRabbitMq((context, rabbit) =>
            {
                var configuration = context.GetRequiredService<IConfiguration>();
                var options = configuration.GetSection("Messaging").Get<MessagingOptions>() ?? new MessagingOptions();

                // Without an address the start ends by the validation above, together with every other fault.
                if (BrokerAddress(configuration) is { } address)
                {
                    rabbit.Host(address);
                }

                rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
                rabbit.PrefetchCount = options.Prefetch;
                rabbit.UseFilter(new AbandonedDeliveries(options.MostDeliveries, context.GetRequiredService<TimeProvider>()));
                rabbit.UseMessageRetry(WhileAServerIsAway);
                rabbit.UseMessageRetry(AFewTimes);
                inbox(context, rabbit);
                rabbit.ConfigureEndpoints(context);
            });
        });
        builder.Services.RemoveMassTransitHostedService();
        builder.Services.AddHostedService<BusLifetime>();
    }

    // Said to the bus as a whole it would hold for the bus's own queue only. A temporary queue cannot be one.
    private static void UseQuorumQueue(string queue, IReceiveEndpointConfigurator endpoint)
    {
        if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit
            && !endpoint.InputAddress.Query.Contains("temporary=true", StringComparison.Ordinal)
            && !endpoint.InputAddress.Query.Contains("durable=false", StringComparison.Ordinal))
        {
            rabbit.SetQuorumQueue();
        }
    }

    private static Uri? BrokerAddress(IConfiguration configuration) =>
        Uri.TryCreate(configuration.GetConnectionString("messaging"), UriKind.Absolute, out var address) ? address : null;

    private static bool HasEnvelope(Type message) => message.IsAssignableTo(typeof(IIntegrationEvent));

    // Long enough for a server to come back; the message stays unacknowledged meanwhile and is not lost with the process.
    private static void WhileAServerIsAway(IRetryConfigurator retry)
    {
        retry.Handle<NpgsqlException>(fault => fault.IsTransient);
        retry.Handle<DbUpdateException>(fault => fault.InnerException is NpgsqlException { IsTransient: true });
        retry.Handle<InvalidOperationException>(fault => fault.InnerException is NpgsqlException { IsTransient: true });
        retry.Handle<TimeoutException>();
        retry.Exponential(60, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(300));
    }

    private static void AFewTimes(IRetryConfigurator retry)
    {
        retry.Ignore<NpgsqlException>(fault => fault.IsTransient);
        retry.Ignore<TimeoutException>();
        retry.Intervals(50, 250, 1000);
    }
}
