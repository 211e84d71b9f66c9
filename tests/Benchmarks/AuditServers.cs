using Aspire.Hosting.Testing;
using Npgsql;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks;

/// <summary>The platform's PostgreSQL with its services stopped, so that the log has the machine.</summary>
internal sealed class AuditServers : IAsyncDisposable
{
    private static readonly string[] Services = ["gateway", "identity", "device", "notification", "audit"];

    private readonly Aspire.Hosting.DistributedApplication _app;
    private readonly string _postgres;

    private AuditServers(Aspire.Hosting.DistributedApplication app, string postgres) => (_app, _postgres) = (app, postgres);

    public string Folder { get; } = Directory.CreateTempSubdirectory("audit-checkpoints-").FullName;

    public static async Task<AuditServers> StartAsync()
    {
        var app = await TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Durable = true, Environment = RaisedLimits.With() }).BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync();
        foreach (var service in Services)
        {
            await app.KillAsync(service, holdDown: true);
        }

        return new AuditServers(app, await app.GetConnectionStringAsync("auditdb") ?? throw new InvalidOperationException("auditdb has no connection string."));
    }

    /// <summary>A new database.</summary>
    public async Task<string> DatabaseAsync(string name)
    {
        await using var connection = new NpgsqlConnection(_postgres);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(_postgres) { Database = name }.ConnectionString;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return _app.DisposeAsync();
    }
}
