using System.Globalization;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Platform.Testing;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>A small service: one database, one broker address, the ledger's consumer if it wants one.</summary>
internal sealed class MessagingHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MessagingHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    public LedgerFaults Faults => Services.GetRequiredService<LedgerFaults>();

    public static async Task<MessagingHost> StartAsync(
        string database, string broker, bool consumes = true, bool inbox = true, bool waits = true, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:ledgerdb"] = database,
            ["ConnectionStrings:messaging"] = broker,
            ["Urls"] = "http://127.0.0.1:0",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)));
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LedgerFaults>();
        builder.AddNpgsqlDataSource("ledgerdb");
        builder.Services.AddScoped<TenantScope>();
        builder.Services.AddDbContext<LedgerContext>((services, options) =>
            options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>()));
        builder.AddMessaging<LedgerContext>("ledger", bus =>
        {
            if (consumes)
            {
                bus.AddConsumer<LedgerConsumer>();
            }
        }, inbox);
        builder.Services.Configure<MassTransitHostOptions>(bus => bus.WaitUntilStarted = waits); // its queue is there and bound
        var app = builder.Build();
        await app.StartAsync();
        return new MessagingHost(app);
    }

    /// <summary>The tables of the ledger, the outbox and the inbox.</summary>
    public static async Task<string> NewDatabaseAsync(PlatformServers servers)
    {
        var database = await servers.CreateDatabaseAsync("ledger");
        var options = new DbContextOptionsBuilder<LedgerContext>().UseNpgsql(database).Options;
        await using var context = new LedgerContext(options, new TenantScope());
        await context.Database.EnsureCreatedAsync();
        await context.Database.ExecuteSqlRawAsync(MessagingModel.InboxAndTrigger);
        return database;
    }

    /// <summary>Commits events while no relay runs.</summary>
    public static async Task CommitAsync(string database, params UserRegistered[] events)
    {
        var options = new DbContextOptionsBuilder<LedgerContext>().UseNpgsql(database).Options;
        await using var context = new LedgerContext(options, new TenantScope());
        foreach (var message in events)
        {
            context.AddEvent(message, message.UserId);
            await context.SaveChangesAsync();
        }
    }

    public static UserRegistered Event(Guid aggregate, int number, DateTimeOffset at) => new(
        new EventEnvelope(Guid.CreateVersion7(at), at, Tenants.Default, Actor.System("test"), null, null, null, null),
        aggregate,
        number.ToString(CultureInfo.InvariantCulture),
        "someone@platform.test");

    /// <summary>Commits the events in one transaction, in order.</summary>
    public async Task CommitAsync(params IIntegrationEvent[] events)
    {
        await using var scope = Services.CreateAsyncScope();
        var ledger = scope.ServiceProvider.GetRequiredService<LedgerContext>();
        foreach (var message in events)
        {
            ledger.AddEvent(message, AggregateOf(message));
        }

        await ledger.SaveChangesAsync();
    }

    private static Guid AggregateOf(IIntegrationEvent message) => message switch
    {
        UserRegistered registered => registered.UserId,
        PasswordChanged changed => changed.UserId,
        _ => message.Envelope.Id,
    };

    public async Task<List<LedgerEntry>> EntriesAsync()
    {
        await using var scope = Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        return await scope.ServiceProvider.GetRequiredService<LedgerContext>().Entries
            .OrderBy(entry => entry.Id).ToListAsync();
    }

    public async Task<long> CountAsync(string table)
    {
        await using var command = Services.GetRequiredService<NpgsqlDataSource>().CreateCommand($"SELECT count(*) FROM {table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
