using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Evidence.Verifying;
using AuditService.Exporting;
using AuditService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>Exports, and what the log has about one person.</summary>
public sealed class HandingOverRecordsTests(RunningAudit audit)
{
    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Export_OfMoreThanAPage_HasEveryRecordOnceNewestFirst()
    {
        const int count = 2300;
        await audit.PublishAsync(Told.Requests(_tenant, count));
        await Eventually.Async(async () => await audit.CountAsync(_tenant) == count, TimeSpan.FromSeconds(60), "the records are not there");
        using var auditor = audit.VisitAsAuditor(_tenant);
        var lines = (await auditor.GetStringAsync("/api/v1/audit/export?action=api.request")).TrimEnd('\n').Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("record")).ToList();
        Assert.Equal(count, lines.Select(line => line.GetProperty("id").GetGuid()).Distinct().Count());
        Assert.Equal(lines.Select(line => line.GetProperty("occurredAt").GetDateTimeOffset()).OrderDescending(), lines.Select(line => line.GetProperty("occurredAt").GetDateTimeOffset()));

        using var csv = await auditor.GetAsync("/api/v1/audit/export?action=api.request&format=csv");
        Assert.Equal("text/csv", csv.Content.Headers.ContentType!.MediaType);
        var text = await csv.Content.ReadAsStringAsync();
        Assert.StartsWith(CsvLine.Head, text, StringComparison.Ordinal);
        Assert.Equal(count + 2, text.Split("\r\n").Length);
        using var stranger = audit.VisitAsAuditor(RunningAudit.NewId());
        Assert.Equal("", await stranger.GetStringAsync("/api/v1/audit/export?action=api.request"));
    }

    [Theory]
    [InlineData("=1+1", "\"'=1+1\"")]
    [InlineData("+1", "\"'+1\"")]
    [InlineData("-1", "\"'-1\"")]
    [InlineData("@SUM(A1)", "\"'@SUM(A1)\"")]
    [InlineData("  =1", "\"'  =1\"")]
    [InlineData("\t=1", "\"'\t=1\"")]
    [InlineData("a \"b\", c", "\"a \"\"b\"\", c\"")]
    [InlineData("a\r\nb", "\"a\r\nb\"")]
    [InlineData(null, "\"\"")]
    public void CsvValue_WhateverItIs_IsNoFormulaAndOneValue(string? value, string expected) => Assert.Equal(expected, CsvLine.Quoted(value));

    [Fact]
    public async Task Erase_APerson_TakesWhatIsPersonalAndLeavesTheLogIntact()
    {
        var subject = $"person-{_tenant}";
        var by = Told.Record(_tenant) with { After = Told.Json("""{"email":"ada@example.org"}""") };
        by = by with { Envelope = by.Envelope with { Actor = new Actor(ActorKind.User, subject, "Ada Lovelace") } };
        var about = Told.Record(_tenant) with { ResourceId = subject, Before = Told.Json("""{"phone":"5551234"}""") };
        var other = Told.Record(_tenant);
        await audit.PublishAsync(by);
        await audit.PublishAsync(about);
        await audit.PublishAsync(other);
        await audit.WaitForLinesAsync(_tenant, 3);

        using var admin = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), _tenant, "audit:admin"));
        var before = await admin.GetStringAsync($"/api/v1/audit/subjects/{subject}/export");
        Assert.Contains("Ada Lovelace", before, StringComparison.Ordinal);
        Assert.Contains("5551234", before, StringComparison.Ordinal);
        Assert.Equal(2, before.TrimEnd('\n').Split('\n').Length);

        using var hold = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 1", subject });
        Assert.Equal(0, await EraseAsync(admin, subject));
        using var released = await admin.PostAsync($"{hold.Headers.Location}/release", null);
        using var stranger = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), RunningAudit.NewId(), "audit:admin"));
        Assert.Equal(0, await EraseAsync(stranger, subject));
        Assert.Equal(2, await EraseAsync(admin, subject));
        Assert.Equal(0, await EraseAsync(admin, subject));

        var after = await admin.GetStringAsync($"/api/v1/audit/subjects/{subject}/export");
        foreach (var personal in new[] { "Ada Lovelace", "ada@example.org", "5551234", "203.0.113.7", "curl/8", "session-1" })
        {
            Assert.DoesNotContain(personal, after, StringComparison.Ordinal);
        }

        Assert.Single(await audit.LinesAsync(_tenant, "&text=203.0.113.7")); // the other record
        Assert.Empty(await audit.LinesAsync(_tenant, "&text=lovelace"));
        Assert.Empty(await FaultsAsync(by, about, other));

        // Erased is not a way to change: what else the record says still has to fit its leaf.
        await using var change = audit.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("UPDATE audit_records SET result = 'denied' WHERE id = $1");
        change.Parameters.Add(new() { Value = by.Envelope.Id });
        await change.ExecuteNonQueryAsync();
        Assert.Equal("altered", Assert.Single(await FaultsAsync(by)).Kind);
        change.CommandText = "UPDATE audit_records SET result = 'success' WHERE id = $1";
        await change.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task Erase_WithoutAReason_IsRefused()
    {
        using var admin = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), _tenant, "audit:admin"));
        using var refused = await admin.PostAsJsonAsync("/api/v1/audit/subjects/x/erasure", new { reason = "" });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private static async Task<int> EraseAsync(HttpClient admin, string subject)
    {
        using var answer = await admin.PostAsJsonAsync($"/api/v1/audit/subjects/{subject}/erasure", new { reason = "asked for it" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("records").GetInt32();
    }

    private async Task<List<LogFault>> FaultsAsync(params AuditRecorded[] records)
    {
        var ids = records.Select(record => record.Envelope.Id).ToHashSet();
        var report = await audit.Services.GetRequiredService<IntegrityCheck>().RunAsync(0, null, default);
        return [.. report.Faults.Where(fault => fault.Record is { } id && ids.Contains(id))];
    }
}
