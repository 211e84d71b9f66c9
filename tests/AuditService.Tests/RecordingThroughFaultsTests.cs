using AuditService.Data;
using AuditService.Tests.Support;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AuditService.Tests;

/// <summary>Each test has a database and a virtual host of its own, since it breaks them.</summary>
public sealed class RecordingThroughFaultsTests(RunningAudit audit)
{
    private const int Count = 400;

    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Kill_InTheMiddleOfATransaction_EveryRecordOnceAfterwards()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using (var first = audit.Host(settings))
        {
            await first.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(30));
        }

        await using var database = NpgsqlDataSource.Create(settings["ConnectionStrings:auditdb"]);
        await using var publisher = await Publisher.ConnectAsync(settings["ConnectionStrings:messaging"]);
        using (var process = ServiceProcess.Start(typeof(AuditDbContext).Assembly, audit.Settings.With(settings)))
        {
            await publisher.PublishAsync([Told.Record(_tenant)]);
            await WaitForCountAsync(database, 1);

            // From here on the writer gets into its COPY, to the first row that PostgreSQL wants to put into a partition.
            await using var holder = await database.OpenConnectionAsync();
            await using var transaction = await holder.BeginTransactionAsync();
            await ExecuteAsync(holder, $"LOCK TABLE audit_records_{TimeProvider.System.GetUtcNow():yyyyMMdd}, audit_records_{TimeProvider.System.GetUtcNow().AddDays(1):yyyyMMdd} IN SHARE MODE");
            await publisher.PublishAsync(Enumerable.Range(1, (Count / 2) - 1).Select(_ => Told.Record(_tenant)));
            await publisher.PublishAsync([Told.Requests(_tenant, Count / 2)]);
            await Eventually.Async(() => IsWaitingAsync(database), TimeSpan.FromSeconds(20), $"the writer did not get there: {process.Output}");
            await process.KillAsync();
        }

        await using var successor = audit.Host(settings);
        Assert.NotNull(successor.Services);
        await WaitForCountAsync(database, Count);
    }

    [Fact]
    public async Task Terminate_TheWritersConnectionAgainAndAgain_EveryRecordOnce()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using var host = audit.Host(settings);
        await host.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(30));
        await using var database = NpgsqlDataSource.Create(settings["ConnectionStrings:auditdb"] + ";Application Name=assassin");
        await using var publisher = await Publisher.ConnectAsync(settings["ConnectionStrings:messaging"]);

        var killed = 0L;
        for (var turn = 0; turn < 8; turn++)
        {
            await publisher.PublishAsync(Enumerable.Range(0, Count / 8).Select(_ => Told.Record(_tenant)));
            await using var kill = database.CreateCommand(
                """
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name <> 'assassin'
                """);
            killed += (long)(await kill.ExecuteScalarAsync())!;
        }

        Assert.True(killed > 0, "no connection was there to terminate");
        await WaitForCountAsync(database, Count);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<bool> IsWaitingAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            """
            SELECT EXISTS (SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'COPY audit_records%')
            """);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private async Task WaitForCountAsync(NpgsqlDataSource database, int expected)
    {
        long rows = 0, ids = 0;
        await Eventually.Async(
            async () =>
            {
                await using var count = database.CreateCommand(
                    "SELECT count(*), count(DISTINCT id) FROM audit_records WHERE tenant_id = $1");
                count.Parameters.Add(new() { Value = _tenant });
                await using var reader = await count.ExecuteReaderAsync();
                await reader.ReadAsync();
                (rows, ids) = (reader.GetInt64(0), reader.GetInt64(1));
                return rows >= expected;
            },
            TimeSpan.FromSeconds(30));
        Assert.Equal((expected, expected), (rows, ids));

        // Whatever was taken back, the numbering has no gap and the tree as many leaves.
        await using var tree = database.CreateCommand(
            "SELECT count(DISTINCT leaf_index) = count(*) AND max(leaf_index) + 1 = count(*) AND count(*) = (SELECT size FROM audit_tree) FROM audit_records");
        Assert.True((bool)(await tree.ExecuteScalarAsync())!);
    }
}
