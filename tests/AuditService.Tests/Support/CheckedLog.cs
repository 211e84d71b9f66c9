using System.Text;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Evidence.Verifying;
using AuditService.Recording;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AuditService.Tests.Support;

/// <summary>A log that tests change behind the service's back. Its last fifty records have no checkpoint yet.</summary>
public sealed class CheckedLog(RunningAudit audit) : IAsyncLifetime
{
    public const int Size = 650;
    public const int Published = 600;

    private static readonly string[] Tables = ["audit_records", "audit_tiles", "audit_tree", "audit_checkpoints"];

    private WebApplicationFactory<AuditDbContext> _host = null!;
    private string _folder = "";

    public async ValueTask InitializeAsync()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        _folder = settings["Evidence:CheckpointFolder"];
        settings["Evidence:CheckpointEvery"] = "00:01:00";
        settings["Evidence:CheckpointRecords"] = "1000000";
        _host = audit.Host(settings);
        var writer = _host.Services.GetRequiredService<RecordWriter>();
        for (var records = 0; records < Size; records += 50)
        {
            await writer.StoreAsync([.. Enumerable.Range(0, 50).Select(_ => Row())], default);
            if (records + 50 <= Published)
            {
                await PublishAsync();
            }
        }

        foreach (var table in Tables)
        {
            await ExecuteAsync($"CREATE TABLE kept_{table} AS TABLE {table}");
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    internal Task<IntegrityReport> CheckAsync() => _host.Services.GetRequiredService<IntegrityCheck>().RunAsync(0, null, default);

    /// <summary>A part of the log cut to so many checkpoints; there is one every fifty records.</summary>
    public async Task<(long From, long To)> CutAsync(long from, long to, int most)
    {
        await using var stored = await StoredLog.OpenAsync(
            _host.Services.GetRequiredService<NpgsqlDataSource>(), _host.Services.GetRequiredService<LogKey>().Value, default);
        return await stored.CutAsync(from, to, most, default);
    }

    public Task PublishAsync() => _host.Services.GetRequiredService<CheckpointPublisher>().PublishAsync(default);

    /// <summary>What the verifier says of the service's export, with nothing but files.</summary>
    public async Task<(int Code, string Output)> VerifyAsync(Func<List<string>, IEnumerable<string>>? change = null)
    {
        // Not by its route: that is itself recorded, and the log would grow.
        using var body = new MemoryStream();
        await ExportEvidence.WriteAsync(
            body, 0, null, _ => true, _host.Services.GetRequiredService<NpgsqlDataSource>(), _host.Services.GetRequiredService<LogKey>().Value,
            TimeProvider.System, default);
        List<string> lines = [.. Encoding.UTF8.GetString(body.ToArray()).TrimEnd('\n').Split('\n')];
        var export = Path.Combine(_folder, "export.ndjson");
        await File.WriteAllLinesAsync(export, change?.Invoke(lines) ?? lines);
        using var output = new StringWriter();
        var code = OfflineVerifier.Run(
            [export, .. Directory.GetFiles(_folder, "*.checkpoints"), "--key", Path.Combine(_folder, CheckpointFolder.KeyFile)], output);
        return (code, output.ToString());
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Makes the tree of what the rows are now, as somebody would who knows how.</summary>
    public async Task RebuildTreeAsync()
    {
        await using var connection = await _host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        var (edge, leaf) = (new TileEdge(), new RecordLeaf());
        (await StoredRows.ReadAsync(connection, "ORDER BY leaf_index", [], default)).ForEach(row => edge.Append(row.Hash(leaf)!));
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new("DELETE FROM audit_tiles"), TreeStore.StoreTiles(edge.TakeChanged()) } };
        await batch.ExecuteNonQueryAsync();
    }

    public async Task RestoreAsync()
    {
        foreach (var table in Tables)
        {
            await ExecuteAsync($"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
        }
    }

    private static AuditRow Row() => AuditRow.From(
        Told.Record(TestTokens.DefaultTenant) with { After = Told.Json("""{"n":1.50,"text":"\u20ac"}""") }, new Cleaning(65_536), TimeProvider.System.GetUtcNow());
}
