using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using AuditService.Data;
using AuditService.Evidence;
using AuditService.Evidence.Verifying;
using AuditService.Recording;
using AuditService.Retention;
using AuditService.Tests.Support;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AuditService.Tests;

/// <summary>Ninety days and not longer, but for what a legal hold keeps; proofs for good.</summary>
public sealed class RetainingRecordsTests(RunningAudit audit)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Guid _tenant = RunningAudit.NewId();
    private readonly DateTimeOffset _old = TimeProvider.System.GetUtcNow().AddDays(-100);

    [Fact]
    public async Task Partition_PastItsTime_IsDroppedAndItsRecordsAreStillProved()
    {
        var settings = await SettingsAsync();
        var old = Told.Record(_tenant, at: _old);
        await RecordAsync(settings, [old, Told.Record(_tenant)]);
        await using var host = audit.Host(settings); // makes the old day, and gives it its row
        await RunAsync(host);
        Assert.Equal(1, await CountAsync(host, "audit_records WHERE action = 'user.updated'"));

        using var auditor = Client(host, "audit:read");
        var proof = (await auditor.GetFromJsonAsync<InclusionProof>($"/api/v1/audit/logs/{old.Envelope.Id}/proof"))!;
        var checkpoint = Checkpoint.Open(proof.Checkpoint, host.Services.GetRequiredService<LogKey>().Value)!;
        Assert.True(MerkleProofs.Includes(proof.Index, proof.Size, proof.Leaf, proof.Hashes, checkpoint.Root));
        Assert.Contains("\"absent\":\"retention\"", await auditor.GetStringAsync("/api/v1/audit/evidence"), StringComparison.Ordinal);
        var check = host.Services.GetRequiredService<IntegrityCheck>();
        Assert.Empty((await check.RunAsync(0, null, default)).Faults);

        // Without its anchor, or with one that the log's key did not sign, the record counts as removed.
        await ExecuteAsync(host, "UPDATE audit_anchors SET records = records + 1");
        Assert.Contains((await check.RunAsync(0, null, default)).Faults, fault => fault.Kind == "removed" && fault.From == proof.Index);

        using var stranger = Client(host, "audit:read", RunningAudit.NewId());
        using var foreign = await stranger.GetAsync($"/api/v1/audit/logs/{old.Envelope.Id}/proof");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }

    [Theory]
    [InlineData(-1000)]
    [InlineData(4000)]
    public async Task Record_WhoseDayNeverHasAPartition_IsDroppedWhenItsTimeIsOver(int days)
    {
        var settings = await SettingsAsync();
        var (odd, late) = (Told.Record(_tenant, at: _old.AddDays(days)), Told.Record(_tenant, at: _old.AddDays(days + 1)));
        await using var host = audit.Host(settings);
        await host.Services.GetRequiredService<RecordWriter>().StoreAsync(
            [AuditRow.From(odd, new Cleaning(65_536), _old), AuditRow.From(late, new Cleaning(65_536), TimeProvider.System.GetUtcNow())], default);
        await host.Services.GetRequiredService<CheckpointPublisher>().PublishAsync(default);
        Assert.Equal(2, await CountAsync(host, "audit_records_default"));
        using var admin = Client(host, "audit:admin");
        using var placed = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 12" });
        await RunAsync(host);
        Assert.Equal(2, await CountAsync(host, "audit_records WHERE action = 'user.updated'"));

        using var released = await admin.PostAsync($"{placed.Headers.Location}/release", null);
        released.EnsureSuccessStatusCode();
        await RunAsync(host);
        Assert.Equal(1, await CountAsync(host, "audit_records WHERE action = 'user.updated'"));
        Assert.Equal(1, await CountAsync(host, "audit_records_default"));
        using var auditor = Client(host, "audit:read");
        using var proof = await auditor.GetAsync($"/api/v1/audit/logs/{odd.Envelope.Id}/proof");
        Assert.Equal(HttpStatusCode.OK, proof.StatusCode);
        Assert.Empty((await host.Services.GetRequiredService<IntegrityCheck>().RunAsync(0, null, default)).Faults);
    }

    [Theory]
    [InlineData("""{"reason":"case 7"}""", true)]
    [InlineData("""{"reason":"case 7","subject":"actor-1"}""", true)]
    [InlineData("""{"reason":"case 7","subject":"u-1"}""", true)]
    [InlineData("""{"reason":"case 7","subject":"somebody else"}""", false)]
    [InlineData("""{"reason":"case 7","coversFrom":"2020-01-01T00:00:00Z","coversTo":"2020-02-01T00:00:00Z"}""", false)]
    [InlineData("""{"reason":"case 7","coversFrom":"2020-01-01T00:00:00Z"}""", true)]
    public async Task Partition_UnderAHold_StaysUntilItIsReleased(string hold, bool isHeld)
    {
        var settings = await SettingsAsync();
        await RecordAsync(settings, [Told.Record(_tenant, at: _old)]);
        await using var host = audit.Host(settings);
        using var admin = Client(host, "audit:admin");
        using var placed = await admin.PostAsync("/api/v1/audit/holds", new StringContent(hold, null, "application/json"));
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        await RunAsync(host);
        Assert.Equal(isHeld ? 1 : 0, await CountAsync(host, $"audit_records WHERE occurred_at < now() - interval '90 days'"));

        using var released = await admin.PostAsync($"{placed.Headers.Location}/release", null);
        Assert.Equal(HttpStatusCode.OK, released.StatusCode);
        await RunAsync(host);
        Assert.Equal(0, await CountAsync(host, "audit_records WHERE occurred_at < now() - interval '90 days'"));
        await Eventually.Async(
            async () => await CountAsync(host, "audit_records WHERE action IN ('audit.hold_placed', 'audit.hold_released', 'audit.partition_dropped')") == 3,
            Deadline,
            "the log does not tell of it");
    }

    [Fact]
    public async Task Hold_OfAnotherTenant_HoldsNothingAndIsNotThere()
    {
        var settings = await SettingsAsync();
        await RecordAsync(settings, [Told.Record(_tenant, at: _old)]);
        await using var host = audit.Host(settings);
        using var other = Client(host, "audit:admin", RunningAudit.NewId());
        using var placed = await other.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 8" });
        using var admin = Client(host, "audit:admin");
        using var released = await admin.PostAsync($"{placed.Headers.Location}/release", null);
        Assert.Equal(HttpStatusCode.NotFound, released.StatusCode);
        Assert.Equal("""{"items":[]}""", await admin.GetStringAsync("/api/v1/audit/holds"));
        await RunAsync(host);
        Assert.Equal(0, await CountAsync(host, "audit_records WHERE occurred_at < now() - interval '90 days'"));
    }

    [Fact]
    public async Task Hold_WithoutReasonAndWithATimeBackwards_IsRefusedWithEveryFault()
    {
        using var admin = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), _tenant, "audit:admin"));
        using var refused = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "", subject = "a\u0001" });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = await refused.Content.ReadAsStringAsync();
        Assert.Contains("reason", problem, StringComparison.Ordinal);
        Assert.Contains("subject", problem, StringComparison.Ordinal);
        using var backwards = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 9", coversFrom = _old, coversTo = _old });
        Assert.Equal(HttpStatusCode.BadRequest, backwards.StatusCode);
    }

    // The service's own look at the clock must not come between a test's steps.
    private async Task<Dictionary<string, string>> SettingsAsync()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        settings["Retention:Every"] = "1.00:00:00";
        return settings;
    }

    private async Task RecordAsync(Dictionary<string, string> settings, IReadOnlyList<ServiceDefaults.Contracts.AuditRecorded> records)
    {
        await using var host = audit.Host(settings);
        await host.Services.GetRequiredService<RecordWriter>().StoreAsync(
            [.. records.Select(record => AuditRow.From(record, new Cleaning(65_536), record.Envelope.OccurredAt))], default);
        await host.Services.GetRequiredService<CheckpointPublisher>().PublishAsync(default);
    }

    private static Task RunAsync(WebApplicationFactory<AuditDbContext> host) => host.Services.GetRequiredService<DroppingPartitions>().RunAsync(default);

    private HttpClient Client(WebApplicationFactory<AuditDbContext> host, string scope, Guid? tenant = null)
    {
        var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", audit.Tokens.User(RunningAudit.NewId(), tenant ?? _tenant, scope));
        return client;
    }

    private static async Task ExecuteAsync(WebApplicationFactory<AuditDbContext> host, string sql)
    {
        await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<int> CountAsync(WebApplicationFactory<AuditDbContext> host, string from)
    {
        await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand($"SELECT count(*) FROM {from}");
        return Convert.ToInt32(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
