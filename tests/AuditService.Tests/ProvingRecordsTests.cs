using System.Net;
using System.Net.Http.Json;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Recording;
using AuditService.Tests.Support;
using MassTransit;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AuditService.Tests;

/// <summary>What a reviewer can prove with the interface alone.</summary>
public sealed class ProvingRecordsTests(RunningAudit audit)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Prove_ARecord_PathLeadsToTheRootThatIsSigned()
    {
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record);
        await audit.WaitForLinesAsync(_tenant, 1);

        using var auditor = audit.VisitAsAuditor(_tenant);
        var proof = await ProofAsync(auditor, record.Envelope.Id);
        using var key = NoteKey.Parse(await auditor.GetStringAsync("/api/v1/audit/checkpoint/key"));
        var checkpoint = Checkpoint.Open(proof.Checkpoint, key)!;
        Assert.Equal(checkpoint.Size, proof.Size);
        Assert.True(MerkleProofs.Includes(proof.Index, proof.Size, proof.Leaf, proof.Hashes, checkpoint.Root));

        await using var connection = await audit.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        var stored = Assert.Single(await StoredRows.ReadAsync(connection, "WHERE id = $1", [record.Envelope.Id], default));
        Assert.Equal(proof.Leaf, stored.Hash(new RecordLeaf()));
        Assert.Equal(proof.Index, stored.Index);
    }

    [Fact]
    public async Task Prove_ALaterCheckpoint_HasAllOfTheEarlierOne()
    {
        using var auditor = audit.VisitAsAuditor(_tenant);
        await audit.PublishAsync(Told.Record(_tenant));
        await audit.WaitForLinesAsync(_tenant, 1);
        using var key = NoteKey.Parse(await auditor.GetStringAsync("/api/v1/audit/checkpoint/key"));
        var earlier = await CheckpointAsync(auditor, key, 1);

        await audit.PublishAsync(Told.Requests(_tenant, 400));
        var later = await CheckpointAsync(auditor, key, earlier.Size + 400);
        var proof = await auditor.GetFromJsonAsync<ConsistencyProof>($"/api/v1/audit/consistency?from={earlier.Size}&to={later.Size}");
        Assert.True(MerkleProofs.Extends(earlier.Size, earlier.Root, later.Size, later.Root, proof!.Hashes));
    }

    [Fact]
    public async Task Prove_ForASizeThatNoCheckpointHas_IsRefused()
    {
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record);
        await audit.WaitForLinesAsync(_tenant, 1);
        using var auditor = audit.VisitAsAuditor(_tenant);
        using var pending = await auditor.GetAsync($"/api/v1/audit/logs/{record.Envelope.Id}/proof?size={long.MaxValue}");
        Assert.Equal(HttpStatusCode.Conflict, pending.StatusCode);
        using var backwards = await auditor.GetAsync("/api/v1/audit/consistency?from=2&to=1");
        Assert.Equal(HttpStatusCode.BadRequest, backwards.StatusCode);
        using var beyond = await auditor.GetAsync($"/api/v1/audit/consistency?from=0&to={long.MaxValue}");
        Assert.Equal(HttpStatusCode.NotFound, beyond.StatusCode);
    }

    [Fact]
    public async Task Prove_ARecordOfAnotherTenant_IsNotFound()
    {
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record);
        await audit.WaitForLinesAsync(_tenant, 1);
        using var stranger = audit.VisitAsAuditor(RunningAudit.NewId());
        using var answer = await stranger.GetAsync($"/api/v1/audit/logs/{record.Envelope.Id}/proof");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Replicas_WritingAtOnce_NumberGaplesslyAndEveryCheckpointFits()
    {
        const int count = 600;
        var settings = await audit.SettingsOfItsOwnAsync();
        await using var first = audit.Host(settings);
        await using var second = audit.Host(settings);
        await WaitForBusAsync(first);
        await WaitForBusAsync(second);
        await using var publisher = await Publisher.ConnectAsync(settings["ConnectionStrings:messaging"]);
        await publisher.PublishAsync(Enumerable.Range(0, count).Select(_ => Told.Record(_tenant)));

        var database = first.Services.GetRequiredService<NpgsqlDataSource>();
        await Eventually.Async(async () => (await CheckpointsAsync(first)).LastOrDefault()?.Size >= count, Deadline, "no checkpoint has all records");
        Assert.Equal(Enumerable.Range(0, count).Select(number => (long)number), await IndexesAsync(database));

        await using var connection = await database.OpenConnectionAsync();
        var checkpoints = await CheckpointsAsync(first);
        foreach (var checkpoint in checkpoints)
        {
            Assert.Equal(checkpoint.Root, await TreeStore.ComputeAsync(connection, tree => tree.Root(checkpoint.Size), default));
        }

        // Outside are those that are inside, and the key to check them with.
        using var key = NoteKey.Parse(await File.ReadAllTextAsync(Path.Combine(settings["Evidence:CheckpointFolder"], CheckpointFolder.KeyFile)));
        var outside = first.Services.GetRequiredService<CheckpointFolder>().Read(key, 0, long.MaxValue);
        Assert.Equal(checkpoints.Select(checkpoint => checkpoint.Size), outside.Select(checkpoint => checkpoint.Size).Distinct().Order());
    }

    [Fact]
    public async Task Start_OnALogOlderThanItsTree_GivesItsRecordsLeaves()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using (var schema = audit.Host(settings))
        {
            Assert.NotNull(schema.Services);
        }

        await using var database = NpgsqlDataSource.Create(settings["ConnectionStrings:auditdb"]);
        await using (var insert = database.CreateCommand(
            $$"""
            INSERT INTO audit_records (id, occurred_at, received_at, actor_kind, actor_id, action, resource_type, severity, result, after, marks, search)
            SELECT gen_random_uuid(), now(), now(), 'user', 'u', 'a', 't', 'info', 'success',
                '{"b": 1.50, "a": [12345678901234567890], "é": "\u20ac\n"}', '{}', '' FROM generate_series(1, 300)
            """))
        {
            await insert.ExecuteNonQueryAsync();
        }

        await using var host = audit.Host(settings);
        Assert.NotNull(host.Services);
        await Eventually.Async(async () => (await CheckpointsAsync(host)).LastOrDefault()?.Size == 300, Deadline, "the records have no checkpoint");
        Assert.Equal(Enumerable.Range(0, 300).Select(number => (long)number), await IndexesAsync(database));

        // The tree from its tiles, as a mirror would read it.
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", audit.Tokens.User(RunningAudit.NewId(), TestTokens.DefaultTenant, "audit:read"));
        byte[] leaves = [.. await client.GetByteArrayAsync("/api/v1/audit/tile/0/000"), .. await client.GetByteArrayAsync("/api/v1/audit/tile/0/001.p/44")];
        var frontier = new MerkleFrontier();
        leaves.Chunk(MerkleHash.Size).ToList().ForEach(frontier.Append);
        Assert.Equal((await CheckpointsAsync(host))[^1].Root, frontier.Root());
        await using var connection = await database.OpenConnectionAsync();
        var rows = await StoredRows.ReadAsync(connection, "ORDER BY leaf_index", [], default);
        Assert.Equal(leaves.Chunk(MerkleHash.Size), rows.Select(row => row.Hash(new RecordLeaf())));
        using var missing = await client.GetAsync("/api/v1/audit/tile/0/001.p/45");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Watch_OverAChangedRecord_TellsTheLog()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        settings["Evidence:CheckEvery"] = "00:00:00.100";
        await using var host = audit.Host(settings);
        await host.Services.GetRequiredService<RecordWriter>().StoreAsync(
            [AuditRow.From(Told.Record(_tenant), new Cleaning(65_536), TimeProvider.System.GetUtcNow())], default);
        await using var change = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("UPDATE audit_records SET actor_id = 'somebody else'");
        await change.ExecuteNonQueryAsync();
        await Eventually.Async(
            async () =>
            {
                await using var told = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
                    "SELECT count(*) FROM audit_records WHERE action = 'audit.integrity_violated' AND severity = 'critical' AND detail->>'faults' LIKE 'altered 0%'");
                return (long)(await told.ExecuteScalarAsync())! == 1;
            },
            Deadline,
            "the log does not tell of it");
    }

    private static async Task<InclusionProof> ProofAsync(HttpClient client, Guid id)
    {
        InclusionProof? proof = null;
        await Eventually.Async(
            async () =>
            {
                using var answer = await client.GetAsync($"/api/v1/audit/logs/{id}/proof");
                proof = answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<InclusionProof>() : null;
                return proof is not null;
            },
            Deadline,
            "no checkpoint has the record");
        return proof!;
    }

    private static async Task<Checkpoint> CheckpointAsync(HttpClient client, NoteKey key, long size)
    {
        Checkpoint? checkpoint = null;
        await Eventually.Async(
            async () =>
            {
                using var answer = await client.GetAsync("/api/v1/audit/checkpoint");
                checkpoint = answer.IsSuccessStatusCode ? Checkpoint.Open(await answer.Content.ReadAsStringAsync(), key) : null;
                return checkpoint?.Size >= size;
            },
            Deadline,
            "no checkpoint is that large");
        return checkpoint!;
    }

    private static async Task<List<Checkpoint>> CheckpointsAsync(WebApplicationFactory<AuditDbContext> host)
    {
        await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT note FROM audit_checkpoints ORDER BY size");
        await using var reader = await command.ExecuteReaderAsync();
        List<Checkpoint> checkpoints = [];
        while (await reader.ReadAsync())
        {
            checkpoints.Add(Checkpoint.Open(reader.GetString(0), host.Services.GetRequiredService<LogKey>().Value)!);
        }

        return checkpoints;
    }

    private static async Task<List<long>> IndexesAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("SELECT leaf_index FROM audit_records ORDER BY leaf_index");
        await using var reader = await command.ExecuteReaderAsync();
        List<long> indexes = [];
        while (await reader.ReadAsync())
        {
            indexes.Add(reader.GetInt64(0));
        }

        return indexes;
    }

    private static Task<BusHealthStatus> WaitForBusAsync(WebApplicationFactory<AuditDbContext> host) =>
        host.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(60));
}
