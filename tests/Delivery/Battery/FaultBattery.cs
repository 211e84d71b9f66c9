using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Npgsql;
using Platform.LocalEngine.Testing;

namespace Delivery.Battery;

/// <summary>Senders, receiver and audit service on servers of their own, and everything that can befall them.</summary>
public sealed class FaultBattery : IAsyncDisposable
{
    private readonly DistributedApplication _servers;
    private readonly DeliveryRun _run;
    private readonly AuditLog _audit;

    private FaultBattery(DistributedApplication servers, DeliveryRun run, AuditLog audit)
    {
        (_servers, _run, _audit) = (servers, run, audit);
        Faults = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
        {
            ["kill -9 of a sender before it publishes"] = run.SenderDiesBeforePublishingAsync,
            ["kill -9 of a sender before the confirm reaches it"] = run.SenderDiesBeforeTheConfirmAsync,
            ["kill -9 of a sender after the confirm"] = run.SenderDiesAfterTheConfirmAsync,
            ["connection of a sender lost with what was under way"] = run.SenderLosesItsConnectionAsync,
            ["kill -9 of the receiver before it acknowledges"] = run.ReceiverDiesBeforeTheAcknowledgementAsync,
            ["SIGSTOP of a sender beyond its lease"] = run.SenderStopsLongerThanItsLeaseAsync,
            ["kill -9 of the audit service"] = audit.DiesAsync,
            ["kill -9 of RabbitMQ"] = () => KillAsync("messaging"),
            ["kill -9 of PostgreSQL"] = () => KillAsync("postgres"),
            ["kill -9 of Redis"] = () => KillAsync("redis"),
        };
    }

    /// <summary>By name; each returns when what it killed runs again.</summary>
    public IReadOnlyDictionary<string, Func<Task>> Faults { get; }

    /// <summary>Starts it all on empty databases and waits until operations flow.</summary>
    public static async Task<FaultBattery> StartAsync()
    {
        var servers = await TestApplication
            .Create<Projects.AppHost>(new TestApplicationOptions { Only = ["postgres", "redis", "messaging"], Durable = true }).BuildAsync();
        await servers.StartAsync();
        await servers.WaitAllHealthyAsync();
        var broker = (await servers.GetConnectionStringAsync("messaging"))!;
        var audit = new AuditLog(await CreateDatabaseAsync(servers, "audit"), broker);
        var run = await DeliveryRun.StartAsync(
            await CreateDatabaseAsync(servers, "sent"), await CreateDatabaseAsync(servers, "received"), broker, audited: true);
        return new FaultBattery(servers, run, audit);
    }

    /// <summary>Until operations are committed and applied anew.</summary>
    public Task FlowsAsync() => _run.FlowsAsync();

    /// <summary>Ends the clients, waits until all has arrived, and judges.</summary>
    public async Task<Verdict> DrainAsync()
    {
        var verdict = await _run.DrainAsync();
        await _audit.JudgeAsync(verdict, await _run.CommittedAsync());
        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        _audit.Dispose();
        await _servers.DisposeAsync();
    }

    private async Task KillAsync(string server)
    {
        await _servers.KillAsync(server);
        await _servers.WaitHealthyAsync(server);
    }

    private static async Task<string> CreateDatabaseAsync(DistributedApplication servers, string name)
    {
        var server = await servers.GetConnectionStringAsync("postgres");
        await using var connection = new NpgsqlConnection($"{server};Database=postgres;Pooling=false");
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return $"{server};Database={name}";
    }
}
