using System.Globalization;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Recording;
using AuditService.Tests.Support;
using MassTransit;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>Nothing is recorded that could not be proved afterwards.</summary>
public sealed class RecordingWithoutEvidenceTests(RunningAudit audit)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task DiskFull_InTheCheckpointFolder_RecordingStandsStillUntilThereIsRoom()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using var host = audit.Host(settings);
        var files = FillDisk(host, settings);
        var (writer, state) = (host.Services.GetRequiredService<RecordWriter>(), host.Services.GetRequiredService<EvidenceState>());

        await writer.StoreAsync([Row()], default);
        await Eventually.Async(() => !state.IsSound, Deadline, "the full disk was not noticed");
        var second = writer.StoreAsync([Row()], default);
        Assert.False(second.IsCompleted, "it was recorded without evidence");

        files.ForEach(File.Delete);
        await second;
        Assert.True(state.IsSound);
        await Eventually.Async(() => Outside(host) == 2, Deadline, "the checkpoint did not follow");
    }

    [Fact]
    public async Task Stop_WhileRecordingStandsStill_LeavesWhatWaitsWithTheBroker()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        var told = Told.Record(RunningAudit.NewId());
        await StopWithAMessageAsync(settings, told);

        await using var later = audit.Host(settings);
        await using var count = later.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT count(*) FROM audit_records WHERE id = $1");
        count.Parameters.Add(new() { Value = told.Envelope.Id });
        await Eventually.Async(async () => (long)(await count.ExecuteScalarAsync())! == 1, Deadline, "the message was given up");
    }

    [Theory]
    [InlineData("UPDATE audit_tree SET size = 0, head = NULL", "DELETE FROM audit_tiles", "DELETE FROM audit_records")]
    [InlineData("UPDATE audit_tree SET size = size + 1")]
    [InlineData("UPDATE audit_tiles SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) WHERE level = 0")]
    [InlineData("DELETE FROM audit_tiles")]
    public async Task Tree_ChangedInTheDatabase_NothingIsAddedToIt(params string[] changes)
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using (var first = audit.Host(settings))
        {
            await first.Services.GetRequiredService<RecordWriter>().StoreAsync([Row(), Row()], default);
            await Eventually.Async(() => Outside(first) == 2, Deadline, "there is no checkpoint");
        }

        await using var database = NpgsqlDataSource.Create(settings["ConnectionStrings:auditdb"]);
        foreach (var change in changes)
        {
            await using var command = database.CreateCommand(change);
            Assert.True(await command.ExecuteNonQueryAsync() > 0);
        }

        await using var host = audit.Host(settings);
        var state = host.Services.GetRequiredService<EvidenceState>();
        var stored = host.Services.GetRequiredService<RecordWriter>().StoreAsync([Row()], default);
        await Eventually.Async(() => !state.IsSound, Deadline, "it was not noticed");
        Assert.False(stored.IsCompleted, "it was added to another tree");
    }

    [Theory]
    [InlineData("UPDATE audit_records SET actor_id = 'somebody else'")]
    [InlineData("DELETE FROM audit_records")]
    [InlineData("TRUNCATE audit_records")]
    [InlineData("DELETE FROM audit_tiles")]
    [InlineData("SELECT private_key FROM audit_keys")]
    [InlineData("DELETE FROM audit_checkpoints")]
    public async Task RoleThatRecords_DoingMoreThanAdding_IsRefusedByTheDatabase(string statement)
    {
        await using var connection = await audit.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var role = new NpgsqlCommand($"SET ROLE \"{connection.Database}_ingest\"", connection);
        await role.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task Recording_Always_RunsAsTheRoleThatMayOnlyAdd()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using var host = audit.Host(settings);
        await using var trap = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            """
            CREATE FUNCTION refuse_others() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF current_user <> current_database() || '_ingest' THEN RAISE 'written as %', current_user; END IF; RETURN NEW; END $$;
            CREATE TRIGGER only_ingest BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION refuse_others();
            CREATE TRIGGER only_ingest BEFORE INSERT OR UPDATE ON audit_tiles FOR EACH ROW EXECUTE FUNCTION refuse_others();
            """);
        await trap.ExecuteNonQueryAsync();
        await host.Services.GetRequiredService<RecordWriter>().StoreAsync([Row()], default);
    }

    private static long Outside(WebApplicationFactory<AuditDbContext> host) =>
        host.Services.GetRequiredService<CheckpointFolder>().Read(host.Services.GetRequiredService<LogKey>().Value, 0, long.MaxValue).Select(one => one.Size).DefaultIfEmpty().Max();

    private async Task StopWithAMessageAsync(Dictionary<string, string> settings, AuditRecorded told)
    {
        await using var host = audit.Host(settings);
        var files = FillDisk(host, settings);
        await host.Services.GetRequiredService<RecordWriter>().StoreAsync([Row()], default);
        await Eventually.Async(() => !host.Services.GetRequiredService<EvidenceState>().IsSound, Deadline, "the full disk was not noticed");
        Taken taken = new();
        var bus = host.Services.GetRequiredService<IBusControl>();
        bus.ConnectConsumeObserver(taken);
        await bus.Publish(told);
        await Eventually.Async(() => taken.Count == 1, Deadline, "the message was not taken");
        await host.DisposeAsync();
        files.ForEach(File.Delete);
    }

    /// <summary>The files that checkpoints go to, today's and tomorrow's, on a disk without room.</summary>
    private static List<string> FillDisk(WebApplicationFactory<AuditDbContext> host, Dictionary<string, string> settings)
    {
        Assert.NotNull(host.Services); // started
        List<string> files = [.. Enumerable.Range(0, 2).Select(day => Path.Combine(
            settings["Evidence:CheckpointFolder"], TimeProvider.System.GetUtcNow().AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + ".checkpoints"))];
        files.ForEach(file => File.CreateSymbolicLink(file, "/dev/full"));
        return files;
    }

    private sealed class Taken : IConsumeObserver
    {
        private int _count;

        public int Count => _count;

        public Task PreConsume<T>(ConsumeContext<T> context)
            where T : class
        {
            Interlocked.Increment(ref _count);
            return Task.CompletedTask;
        }

        public Task PostConsume<T>(ConsumeContext<T> context)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }

    private static AuditRow Row() => AuditRow.From(Told.Record(RunningAudit.NewId()), new Cleaning(65_536), TimeProvider.System.GetUtcNow());
}
