using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>What the gateways counted against what is in the log.</summary>
public sealed class CompletenessTests(RunningAudit audit, CountedLog log) : IClassFixture<CountedLog>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Guid _run = RunningAudit.NewId();
    private readonly Guid _tenant = RunningAudit.NewId();
    private readonly string _gateway = $"gateway-{RunningAudit.NewId():N}";
    private readonly DateTimeOffset _begin = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Compare_BatchThatWasLost_IsToldOnceAndHealsWhenItComes()
    {
        var (first, lost) = (Batch(0, 10), Batch(10, 5));
        await log.SendAsync(first, Batch(15, 5));
        await log.SendAsync(Count(0, 0, 20));
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "pending", 5)], await log.WindowsAsync(_run));

        await log.ElapseAsync();
        await log.CompareAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "gap", 5)], await log.WindowsAsync(_run));
        await Eventually.Async(() => Alerts<AuditGapFound>().Any(), Patience, "nobody was alerted");

        await log.SendAsync(lost);
        await log.CompareAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "complete", 0)], await log.WindowsAsync(_run));
        Assert.Equal(0, await log.CountAsync("audit_request_numbers WHERE run = $1", _run));
        await Eventually.Async(() => Alerts<AuditGapClosed>().Any(), Patience, "nobody was told that it has closed");
        var told = Assert.Single(Alerts<AuditGapFound>());
        Assert.Equal((_gateway, 5, 0, 1), (told.GatewayId, told.Missing, told.Dropped, told.Windows));
        Assert.Single(Alerts<AuditGapClosed>());
        await Eventually.Async(
            async () => await log.CountAsync("audit_records WHERE resource_id = $1 AND action IN ('audit.gap_found', 'audit.gap_closed')", _gateway) == 2,
            Patience,
            "the log does not tell of it");
    }

    [Fact]
    public async Task Compare_DuplicatesOfCountsAndOfOtherwiseCutBatches_CountOnce()
    {
        var all = Batch(0, 12);
        await log.SendAsync(all with { Requests = [.. all.Requests.Take(5)] });

        // As after a crash: other batches, some of whose records were there.
        await log.SendAsync(all, all with { Envelope = Told.Envelope(_tenant), First = 3, Requests = [.. all.Requests.Skip(3)] });
        var count = Count(0, 0, 12);
        await log.SendAsync(count);
        await log.SendAsync(count);
        await log.ElapseAsync();
        await log.CompareAsync();
        await log.SendAsync(count);
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "complete", 0)], await log.WindowsAsync(_run));
        Assert.Empty(Alerts<AuditGapFound>());
    }

    [Fact]
    public async Task Compare_OneRecordLessThanCounted_IsAGapThoughAnotherWindowHasMore()
    {
        await log.SendAsync(Batch(0, 4), Batch(5, 5));
        await log.SendAsync(Count(0, 0, 5));
        await log.SendAsync(Count(1, 5, 5));
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "gap", 1), (1, "counted", "complete", 0)], await log.WindowsAsync(_run));
    }

    [Fact]
    public async Task Compare_OtherResultsThanCounted_IsAGap()
    {
        await log.SendAsync(Batch(0, 5, status: 500));
        await log.SendAsync(Count(0, 0, 5));
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "gap", 0)], await log.WindowsAsync(_run));
        using var platform = log.Visit(audit.Tokens.User(RunningAudit.NewId(), TestTokens.DefaultTenant, "audit:read", "platform:admin"));
        var window = Assert.Single(await WindowsAsync(platform, "&state=gap"));
        Assert.True(window.GetProperty("miscounted").GetBoolean());
    }

    [Fact]
    public async Task Compare_RequestsThatTheGatewayDropped_IsAGap()
    {
        await log.SendAsync(Count(0, 0, 0) with { First = null, Dropped = 7 });
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "gap", 0)], await log.WindowsAsync(_run));
        await Eventually.Async(() => Alerts<AuditGapFound>().Any(alert => alert.Dropped == 7), Patience, "nobody was alerted");
    }

    [Fact]
    public async Task Compare_CountThatWasLost_IsAGapUntilItComes()
    {
        await log.SendAsync(Batch(0, 2), Batch(2, 3), Batch(5, 4), Batch(9, 1));
        await log.SendAsync(Count(0, 0, 2));
        await log.SendAsync(Count(3, 9, 1));
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "complete", 0), (2, "lost", "gap", 0), (3, "counted", "complete", 0)], await log.WindowsAsync(_run));

        await log.SendAsync(Count(2, 5, 4));
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal(
            [(0, "counted", "complete", 0), (1, "lost", "gap", 0), (2, "counted", "complete", 0), (3, "counted", "complete", 0)],
            await log.WindowsAsync(_run));
        await log.SendAsync(Count(1, 2, 3));
        await log.CompareAsync();
        Assert.All(await log.WindowsAsync(_run), window => Assert.Equal("complete", window.State));
    }

    [Fact]
    public async Task Compare_GatewayKilledWithinAMinute_ItsReplayedRecordsCountInTheirOwnRun()
    {
        var next = Guid.CreateVersion7(_begin.AddSeconds(1)); // a later process, by its id
        await log.SendAsync(Batch(0, 3));
        await log.SendAsync(Count(0, 0, 3));

        // Killed here: what was written after the count is sent by the next process, without one.
        await log.SendAsync(Batch(3, 4), Batch(0, 6, run: next));
        await log.SendAsync(Count(0, 0, 6) with { Run = next });
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "counted", "complete", 0), (1, "tail", "complete", 0)], await log.WindowsAsync(_run));
        Assert.Equal([(0, "counted", "complete", 0)], await log.WindowsAsync(next));
        Assert.Empty(Alerts<AuditGapFound>());
    }

    [Fact]
    public async Task Compare_HoleInWhatAKilledGatewaySent_IsAGap()
    {
        var next = Guid.CreateVersion7(_begin.AddSeconds(1)); // a later process, by its id
        await log.SendAsync(Batch(0, 3), Batch(5, 2), Batch(0, 1, run: next));
        await log.SendAsync(Count(0, 0, 1) with { Run = next });
        await log.ElapseAsync();
        await log.CompareAsync();
        Assert.Equal([(0, "tail", "gap", 2)], await log.WindowsAsync(_run));
    }

    [Fact]
    public async Task List_Windows_AreFilteredPagedAndTotalsAreThePlatformsAlone()
    {
        await log.SendAsync(Batch(0, 2), Batch(2, 1));
        await log.SendAsync(Count(0, 0, 2));
        await log.SendAsync(Count(1, 2, 2));
        await log.ElapseAsync();
        await log.CompareAsync();

        using var auditor = log.Visit(audit.Tokens.User(RunningAudit.NewId(), _tenant, "audit:read"));
        var first = await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/completeness?gateway={_gateway}&limit=1");
        var gap = Assert.Single(first.GetProperty("items").EnumerateArray());
        Assert.Equal(("gap", 1, JsonValueKind.Null), (gap.GetProperty("state").GetString(), gap.GetProperty("missing").GetInt64(), gap.GetProperty("counted").ValueKind));
        var rest = await auditor.GetFromJsonAsync<JsonElement>(
            $"/api/v1/audit/completeness?gateway={_gateway}&limit=1&cursor={first.GetProperty("nextCursor").GetString()}");
        Assert.Equal("complete", Assert.Single(rest.GetProperty("items").EnumerateArray()).GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("nextCursor").ValueKind);
        Assert.Equal(1, Assert.Single(await WindowsAsync(auditor, "&state=gap")).GetProperty("number").GetInt32());
        Assert.Empty(await WindowsAsync(auditor, $"&to={_begin.AddDays(-1):yyyy-MM-dd}T00:00:00Z"));

        using var platform = log.Visit(audit.Tokens.User(RunningAudit.NewId(), TestTokens.DefaultTenant, "audit:read", "platform:admin"));
        Assert.Equal(2, (await WindowsAsync(platform, "&state=complete"))[0].GetProperty("counted").GetProperty("success").GetInt32());
        using var refused = await auditor.GetAsync("/api/v1/audit/completeness?state=odd&limit=0&cursor=x");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = await refused.Content.ReadAsStringAsync();
        Assert.All(["state", "limit", "cursor"], field => Assert.Contains(field, problem, StringComparison.Ordinal));
    }

    private async Task<List<JsonElement>> WindowsAsync(HttpClient client, string filter) =>
        [.. (await client.GetFromJsonAsync<JsonElement>($"/api/v1/audit/completeness?gateway={_gateway}{filter}")).GetProperty("items").EnumerateArray()];

    private IEnumerable<T> Alerts<T>()
        where T : IIntegrationEvent => log.Alerts.OfType<T>().Where(alert => alert switch
        {
            AuditGapFound found => found.GatewayId == _gateway,
            AuditGapClosed closed => closed.GatewayId == _gateway,
            _ => false,
        });

    private RequestsAudited Batch(long first, int count, int status = 200, Guid? run = null) => new(
        Told.Envelope(_tenant), _gateway,
        [.. Enumerable.Range(0, count).Select(_ => Told.Request(_tenant, TimeProvider.System.GetUtcNow(), status))],
        run ?? _run, first);

    private RequestsCounted Count(long number, long first, long success) => new(
        Told.Envelope(Tenants.Default), _gateway, _run, number, _begin.AddMinutes(number), _begin.AddMinutes(number + 1), first, success, 0, 0, 0);
}
