using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Testing;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

public sealed class InboxPartitionsTests(PlatformServers servers)
{
    private static readonly DateTimeOffset Today = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Maintain_DaysPass_NewPartitionsTakeRowsAndOldOnesGo()
    {
        await using var database = NpgsqlDataSource.Create(await MessagingHost.NewDatabaseAsync(servers));
        await MaintainAsync(database, Today);
        await InsertAsync(database, Today);
        Assert.Equal("inbox_20260310", await PartitionOfTheRowAsync(database));

        await MaintainAsync(database, Today.AddDays(29));
        Assert.Equal("inbox_20260310", await PartitionOfTheRowAsync(database));

        await MaintainAsync(database, Today.AddDays(32));
        Assert.Null(await PartitionOfTheRowAsync(database));
    }

    private static async Task MaintainAsync(NpgsqlDataSource database, DateTimeOffset now)
    {
        using var partitions = new InboxPartitions(
            database, Options.Create(new MessagingOptions()), new FixedTime(now), NullLogger<InboxPartitions>.Instance);
        await partitions.MaintainAsync(TestContext.Current.CancellationToken);
    }

    private static async Task InsertAsync(NpgsqlDataSource database, DateTimeOffset at)
    {
        await using var insert = database.CreateCommand("INSERT INTO inbox VALUES ($1, 'test', now())");
        insert.Parameters.Add(new NpgsqlParameter { Value = Guid.CreateVersion7(at) });
        await insert.ExecuteNonQueryAsync();
    }

    private static async Task<string?> PartitionOfTheRowAsync(NpgsqlDataSource database)
    {
        await using var select = database.CreateCommand("SELECT tableoid::regclass::text FROM inbox");
        return await select.ExecuteScalarAsync() as string;
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
