using System.Collections.Concurrent;
using AuditService.Completeness;
using AuditService.Data;
using MassTransit;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ServiceDefaults.Contracts;

namespace AuditService.Tests.Support;

/// <summary>A log whose gateways are the tests, and the one who hears of gaps. Compares when a test says so.</summary>
public sealed class CountedLog(RunningAudit audit) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private WebApplicationFactory<AuditDbContext> _host = null!;
    private IBusControl _alerts = null!;
    private Publisher _gateway = null!;

    /// <summary>Alerts as they came.</summary>
    public ConcurrentQueue<IIntegrationEvent> Alerts { get; } = [];

    private NpgsqlDataSource Database => _host.Services.GetRequiredService<NpgsqlDataSource>();

    public async ValueTask InitializeAsync()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        settings["Completeness:Every"] = "01:00:00";
        _host = audit.Host(settings);
        await _host.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, Patience);
        _gateway = await Publisher.ConnectAsync(settings["ConnectionStrings:messaging"]);
        _alerts = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(settings["ConnectionStrings:messaging"]));
            rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
            rabbit.ReceiveEndpoint("alerts", endpoint =>
            {
                endpoint.Handler<AuditGapFound>(context => Keep(context.Message));
                endpoint.Handler<AuditGapClosed>(context => Keep(context.Message));
            });
        });
        await _alerts.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _alerts.StopAsync();
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    public HttpClient Visit(string token)
    {
        var client = _host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    /// <summary>Until the records are in the log.</summary>
    public async Task SendAsync(params RequestsAudited[] batches)
    {
        await _gateway.PublishAsync(batches);
        Guid[] ids = [.. batches.SelectMany(batch => batch.Requests).Select(request => request.Id).Distinct()];
        await Eventually.Async(
            async () => await CountAsync("audit_records WHERE id = ANY($1)", ids) == ids.Length, Patience, "the records did not come in");
    }

    /// <summary>Until the count is kept.</summary>
    public async Task SendAsync(RequestsCounted count)
    {
        await _gateway.PublishAsync(count);
        await Eventually.Async(
            async () => await CountAsync("audit_request_windows WHERE kind = 'counted' AND run = $1 AND number = $2", count.Run, count.Number) == 1,
            Patience,
            "the count did not come in");
    }

    /// <summary>The time that late records are given is over for all that came so far.</summary>
    public async Task ElapseAsync()
    {
        await using var elapse = Database.CreateCommand(
            "UPDATE audit_request_windows SET due_at = due_at - interval '1 hour'; UPDATE audit_request_numbers SET received_at = received_at - interval '1 hour'");
        await elapse.ExecuteNonQueryAsync();
    }

    public Task CompareAsync() => _host.Services.GetRequiredService<CompletenessWatch>().RunAsync(default);

    /// <summary>Number, kind and state of the windows of a run.</summary>
    public async Task<List<(long Number, string Kind, string State, long Missing)>> WindowsAsync(Guid run)
    {
        await using var command = Database.CreateCommand("SELECT number, kind, state, missing FROM audit_request_windows WHERE run = $1 ORDER BY number");
        command.Parameters.Add(new() { Value = run });
        await using var reader = await command.ExecuteReaderAsync();
        List<(long, string, string, long)> windows = [];
        while (await reader.ReadAsync())
        {
            windows.Add((reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3)));
        }

        return windows;
    }

    public async Task<long> CountAsync(string from, params object[] parameters)
    {
        await using var command = Database.CreateCommand($"SELECT count(*) FROM {from}");
        foreach (var value in parameters)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return (long)(await command.ExecuteScalarAsync())!;
    }

    private Task Keep(IIntegrationEvent alert)
    {
        Alerts.Enqueue(alert);
        return Task.CompletedTask;
    }
}
