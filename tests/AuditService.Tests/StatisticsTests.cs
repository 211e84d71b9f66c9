using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Data;
using AuditService.Recording;
using AuditService.Retention;
using AuditService.Statistics;
using AuditService.Tests.Support;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>A sum is that of the records, whatever is in the tables already.</summary>
public sealed class StatisticsTests(RunningAudit audit)
{
    private static readonly string[] Keys = [StatisticsKey.Day, StatisticsKey.Action, StatisticsKey.User, StatisticsKey.Severity, StatisticsKey.Result];

    private readonly Guid _tenant = RunningAudit.NewId();
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Statistics_WhileRecordsComeTwiceAreRolledAndDropped_AreThoseOfTheRecords()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        settings["Statistics:Every"] = "01:00:00";
        settings["Statistics:MostAtOnce"] = "100";
        settings["Retention:Every"] = "1.00:00:00";
        AuditRow[] old = [.. Enumerable.Range(0, 30).Select(number => Row(number, _now.AddDays(-100)))];
        await using (var first = audit.Host(settings))
        {
            await first.Services.GetRequiredService<RecordWriter>().StoreAsync(old, default);
        }

        await using var host = audit.Host(settings); // makes the old day, and gives it its rows
        var writer = host.Services.GetRequiredService<RecordWriter>();
        var roll = host.Services.GetRequiredService<StatisticsRoll>();
        AuditRow[] rows = [.. Enumerable.Range(0, 250).Select(number => Row(number, _now.AddHours(-number)))];
        await writer.StoreAsync(rows, default);
        await MustFitAsync(host, 280);

        await roll.RunAsync(default);
        await MustFitAsync(host, 280);
        await writer.StoreAsync([.. rows.Take(40), .. Enumerable.Range(0, 20).Select(number => Row(number, _now))], default);
        await MustFitAsync(host, 300);

        // Two replicas at once.
        await Task.WhenAll(roll.RunAsync(default), roll.RunAsync(default));
        await roll.RunAsync(default);
        await MustFitAsync(host, 300);

        // A day that is dropped takes its part along, also what of it was not rolled yet.
        await writer.StoreAsync([.. Enumerable.Range(0, 5).Select(number => Row(number, _now.AddDays(-100)) with { ReceivedAt = _now.AddDays(-100) })], default);
        await host.Services.GetRequiredService<DroppingPartitions>().RunAsync(default);
        await MustFitAsync(host, 270);
        await roll.RunAsync(default);
        await MustFitAsync(host, 270);
    }

    [Fact]
    public async Task Statistics_ByEachKeyWithFilters_AreSortedPagedAndOfTheTenantAlone()
    {
        await audit.PublishAsync(Told.Record(_tenant) with { Severity = AuditSeverity.Warning });
        await audit.PublishAsync(Told.Record(_tenant) with { Action = "user.login", Result = AuditResult.Denied });
        await audit.PublishAsync(Told.Record(_tenant) with { Action = "user.login" });
        await audit.PublishAsync(Told.Record(_tenant, at: _now.AddDays(-3)) with { Action = "user.logout" });
        await audit.PublishAsync(Told.Record(RunningAudit.NewId()) with { Action = "user.login" });
        await audit.WaitForLinesAsync(_tenant, 4);

        using var auditor = audit.VisitAsAuditor(_tenant);
        var actions = await ShowAsync(auditor, "by=action&userId=actor-1");
        Assert.Equal(4, actions.GetProperty("total").GetInt64());
        Assert.Equal([("user.login", 2), ("user.logout", 1), ("user.updated", 1)], Items(actions));
        Assert.Equal([("success", 3), ("denied", 1)], Items(await ShowAsync(auditor, "by=result&userId=actor-1")));
        Assert.Equal([("info", 3), ("warning", 1)], Items(await ShowAsync(auditor, "by=severity&userId=actor-1")));
        Assert.Equal([("actor-1", 1)], Items(await ShowAsync(auditor, "by=user&action=user.login&result=denied&severity=info")));
        Assert.Equal(
            [($"{_now:yyyy-MM-dd}", 3), ($"{_now.AddDays(-3):yyyy-MM-dd}", 1)], Items(await ShowAsync(auditor, "userId=actor-1")));
        Assert.Equal(
            [("user.logout", 1)], Items(await ShowAsync(auditor, $"by=action&userId=actor-1&to={_now.AddDays(-1):yyyy-MM-dd}")));

        foreach (var by in new[] { "action", "day" })
        {
            var all = Items(await ShowAsync(auditor, $"by={by}&userId=actor-1"));
            List<(string, long)> paged = [];
            string? cursor = null;
            do
            {
                var page = await ShowAsync(auditor, $"by={by}&userId=actor-1&limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
                Assert.Equal(4, page.GetProperty("total").GetInt64());
                paged.AddRange(Items(page));
                cursor = page.GetProperty("nextCursor").GetString();
            }
            while (cursor is not null);
            Assert.Equal(all, paged);
        }

        using var stranger = audit.VisitAsAuditor(RunningAudit.NewId());
        Assert.Empty(Items(await ShowAsync(stranger, $"by=action&tenantId={_tenant}")));
        using var platform = audit.VisitAsPlatform();
        Assert.Equal(4, (await ShowAsync(platform, $"by=action&userId=actor-1&tenantId={_tenant}")).GetProperty("total").GetInt64());
    }

    [Theory]
    [InlineData("by=moon&severity=loud&result=odd&limit=0&cursor=x", "by severity result limit cursor")]
    [InlineData("from=2026-02-02&to=2026-02-01", "to")]
    [InlineData("from=0001-01-01&to=9999-12-31", "to")]
    public async Task Statistics_OfWhatThereIsNot_AreRefusedWithEveryFault(string query, string fields)
    {
        using var auditor = audit.VisitAsAuditor(_tenant);
        using var refused = await auditor.GetAsync($"/api/v1/audit/statistics?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(fields.Split(' ').Order(StringComparer.Ordinal), problem.GetProperty("errors").EnumerateObject().Select(fault => fault.Name).Order(StringComparer.Ordinal));
    }

    private AuditRow Row(int number, DateTimeOffset at) => AuditRow.From(
        Told.Record(_tenant, at: at) with
        {
            Envelope = Told.Envelope(_tenant, at: at) with { Actor = new Actor(ActorKind.User, $"actor-{number % 7}") },
            Action = number % 3 == 0 ? "user.login" : "user.updated",
            Result = (AuditResult)(number % 3),
            Severity = (AuditSeverity)(number % 4),
        },
        new Cleaning(65_536),
        at);

    private async Task MustFitAsync(WebApplicationFactory<AuditDbContext> host, int records)
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", audit.Tokens.User(RunningAudit.NewId(), TestTokens.DefaultTenant, "audit:read", "platform:admin"));
        foreach (var by in Keys)
        {
            var page = await ShowAsync(client, $"by={by}&tenantId={_tenant}&from={_now.AddDays(-200):yyyy-MM-dd}&limit=1000");
            Assert.Equal(records, page.GetProperty("total").GetInt64());
            var column = StatisticsKey.Recorded(by);
            await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
                $"SELECT {column}, count(*) FROM audit_records WHERE tenant_id = $1 GROUP BY 1");
            command.Parameters.Add(new() { Value = _tenant });
            await using var reader = await command.ExecuteReaderAsync();
            List<(string, long)> counted = [];
            while (await reader.ReadAsync())
            {
                counted.Add((reader.GetString(0), reader.GetInt64(1)));
            }

            Assert.Equal(counted.Order(), Items(page).Order());
        }
    }

    private static Task<JsonElement> ShowAsync(HttpClient client, string query) =>
        client.GetFromJsonAsync<JsonElement>($"/api/v1/audit/statistics?{query}");

    private static List<(string Key, long Records)> Items(JsonElement page) =>
        [.. page.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("key").GetString()!, item.GetProperty("records").GetInt64()))];
}
