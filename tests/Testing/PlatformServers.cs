using System.Globalization;
using Npgsql;
using Platform.Testing.Servers;
using Xunit;

namespace Platform.Testing;

/// <summary>
/// PostgreSQL, Redis, RabbitMQ and the mail catcher, started once for all test assemblies that run at the same time.
/// In a test project: <c>[assembly: AssemblyFixture(typeof(PlatformServers))]</c>, and take it in constructors.
/// What a test makes is its own: a database, a virtual host, a Redis database. Nothing has to be cleaned up; the servers'
/// data goes with them some seconds after the last test process ended.
/// </summary>
public sealed class PlatformServers : IAsyncLifetime
{
    private ServerLease? _lease;
    private BrokerManagement? _broker;

    /// <summary>StackExchange.Redis form, database 0, which every test process shares: use keys of your own.</summary>
    public string Redis => Lease.Addresses.Redis;

    /// <summary><c>Endpoint=smtp://host:port</c></summary>
    public string Mail => Lease.Addresses.Mail;

    /// <summary>What arrived at <see cref="Mail"/>.</summary>
    public CaughtMails Mails { get; private set; } = null!;

    private ServerLease Lease => _lease ?? throw new InvalidOperationException("The servers are started by the test framework: [assembly: AssemblyFixture(typeof(PlatformServers))].");

    public async ValueTask InitializeAsync()
    {
        _lease = await ServerLease.TakeAsync(TestContext.Current.CancellationToken);
        _broker = new BrokerManagement(_lease.Addresses.MessagingManagement, _lease.Addresses.Messaging);
        Mails = new CaughtMails(_lease.Addresses.Mails);
    }

    public ValueTask DisposeAsync()
    {
        _broker?.Dispose();
        Mails?.Dispose();
        _lease?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The connection string of a database that exists; "postgres" always does.</summary>
    public string Postgres(string database) => $"{Lease.Addresses.Postgres};Database={database}";

    /// <summary>A new, empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string prefix, CancellationToken cancellationToken = default)
    {
        var name = $"{prefix}_{Unique()}";
        await using var connection = new NpgsqlConnection(Postgres("postgres") + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);

        // file_copy waits for two checkpoints, wal_log does not
        await using var create = new NpgsqlCommand($"CREATE DATABASE \"{name}\" STRATEGY wal_log", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
        return Postgres(name);
    }

    /// <summary>A new, empty virtual host.</summary>
    /// <returns>Its address, <c>amqp://user:password@host:port/vhost</c>.</returns>
    public Task<string> CreateMessagingAsync(CancellationToken cancellationToken = default) => Broker.CreateVirtualHostAsync($"test-{Unique()}", cancellationToken);

    /// <summary>RabbitMQ's management API, to look into queues.</summary>
    public BrokerManagement Broker => _broker ?? throw new InvalidOperationException("Not started.");

    /// <summary>A Redis database of one's own, emptied: 1 to 511, handed out in turn to all test processes.</summary>
    /// <remarks>Channels of publish/subscribe are shared by all databases; only keys are apart.</remarks>
    public async Task<string> CreateRedisDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var number = await RedisDatabases.NextAsync(Redis, cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{Redis},defaultDatabase={number}");
    }

    private static string Unique() => Guid.CreateVersion7().ToString("N");
}
