using System.Collections.Concurrent;
using AuditService.Data;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;
using ServiceDefaults.Messaging;

namespace AuditService.Tests.Support;

/// <summary>
/// Another service on the bus with two consumers of one event, each with a queue and, by the inbox, an effect once: one
/// that fails as long as the test wants, one that never does. Its queues are its own.
/// </summary>
internal sealed class FlakyService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FlakyService(WebApplication app, string name) => (_app, Name) = (app, name);

    /// <summary>The prefix of its queues.</summary>
    public string Name { get; }

    public string Queue => $"{Name}-flaky";

    public FlakyEffects Effects => _app.Services.GetRequiredService<FlakyEffects>();

    public static async Task<FlakyService> StartAsync(RunningAudit audit)
    {
        var name = $"other{RunningAudit.NewId():N}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(audit.Settings);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["Messaging:Prefetch"] = "1", // handled in the order of their queue
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<FlakyEffects>();
        builder.AddDatabase<AuditDbContext>("auditdb");
        builder.AddMessaging<AuditDbContext>(name, bus =>
        {
            bus.AddConsumer<FlakyConsumer>();
            bus.AddConsumer<SteadyConsumer>();
        });
        builder.Services.Configure<MassTransitHostOptions>(bus => bus.WaitUntilStarted = true); // its queues are there
        var app = builder.Build();
        await app.StartAsync();
        return new FlakyService(app, name);
    }

    public Task PublishAsync(PasswordChanged message) => _app.Services.GetRequiredService<IBus>().Publish(message);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>Effects that are not idempotent: every run of a handler counts.</summary>
internal sealed class FlakyEffects
{
    private readonly ConcurrentQueue<Guid> _flaky = new();
    private readonly ConcurrentQueue<Guid> _steady = new();

    public volatile bool Fails = true;

    /// <summary>Events of other tenants, those of tests that run beside, are none of its business.</summary>
    public Guid Tenant { get; } = RunningAudit.NewId();

    public Guid[] Flaky => [.. _flaky];

    public Guid[] Steady => [.. _steady];

    public void Failing(EventEnvelope envelope)
    {
        if (envelope.TenantId != Tenant)
        {
            return;
        }

        if (Fails)
        {
            throw new TimeZoneNotFoundException("no such zone; Password=hunter2xyz");
        }

        _flaky.Enqueue(envelope.Id);
    }

    public void Working(Guid id) => _steady.Enqueue(id);
}

internal sealed class FlakyConsumer(FlakyEffects effects) : IConsumer<PasswordChanged>
{
    public Task Consume(ConsumeContext<PasswordChanged> context)
    {
        effects.Failing(context.Message.Envelope);
        return Task.CompletedTask;
    }
}

internal sealed class SteadyConsumer(FlakyEffects effects) : IConsumer<PasswordChanged>
{
    public Task Consume(ConsumeContext<PasswordChanged> context)
    {
        effects.Working(context.Message.Envelope.Id);
        return Task.CompletedTask;
    }
}
