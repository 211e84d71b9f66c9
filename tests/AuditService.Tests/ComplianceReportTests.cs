using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AuditService.Compliance;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

public sealed class ComplianceReportTests(RunningAudit audit)
{
    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Report_OfATenant_HasWhatHappenedInItAndTheStateOfTheLog()
    {
        await audit.PublishAsync(Told.Record(_tenant) with { Action = "user.login" });
        await audit.PublishAsync(Told.Record(_tenant) with { Action = "user.login_failed", Result = AuditResult.Denied });
        await audit.PublishAsync(Told.Record(_tenant) with { Action = "user.roles_changed", ResourceId = "<b>promoted</b>" });
        await audit.PublishAsync(Told.Record(RunningAudit.NewId()) with { Action = "user.roles_changed", ResourceId = "foreign" });
        await audit.WaitForLinesAsync(_tenant, 3);
        using var admin = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), _tenant, "audit:read", "audit:admin"));
        using var hold = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 21" });
        hold.EnsureSuccessStatusCode();

        await Platform.Testing.Eventually.Async(
            async () => (await admin.GetAsync("/api/v1/audit/checkpoint")).IsSuccessStatusCode, TimeSpan.FromSeconds(60), "there is no checkpoint");

        var report = await admin.GetFromJsonAsync<JsonElement>("/api/v1/audit/compliance");
        Assert.Equal(_tenant, report.GetProperty("tenantId").GetGuid());
        Assert.Equal((1, 0), Count(report, "user.login"));
        Assert.Equal((0, 1), Count(report, "user.login_failed"));
        Assert.Equal((1, 0), Count(report, "user.roles_changed"));
        Assert.Equal((0, 0), Count(report, "key.compromised"));
        var privileges = Sections(report).Single(section => section.GetProperty("title").GetString() == "Changes of privileges and tenants");
        Assert.Contains("SOC 2 CC6.3", privileges.GetProperty("controls").EnumerateArray().Select(control => control.GetString()));
        Assert.Equal("<b>promoted</b>", Assert.Single(privileges.GetProperty("items").EnumerateArray()).GetProperty("resource").GetProperty("id").GetString());
        Assert.Equal("case 21", Assert.Single(report.GetProperty("retention").GetProperty("holds").EnumerateArray()).GetProperty("reason").GetString());
        Assert.Equal(90, report.GetProperty("retention").GetProperty("days").GetInt32());
        Assert.StartsWith("platform/audit\n", report.GetProperty("integrity").GetProperty("last").GetString(), StringComparison.Ordinal);
        Assert.True(report.GetProperty("integrity").GetProperty("check").GetProperty("to").GetInt64() > 0, "nothing was checked");
        Assert.True(report.GetProperty("completeness").TryGetProperty("gaps", out _), "it does not tell of gaps");

        using var answer = await admin.GetAsync("/api/v1/audit/compliance?format=html");
        var page = await answer.Content.ReadAsStringAsync();
        var style = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page.Split("<style>")[1].Split("</style>")[0])));
        Assert.StartsWith($"default-src 'none'; style-src 'sha256-{style}'; ", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;promoted&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>promoted", page, StringComparison.Ordinal);
        Assert.Contains("case 21", page, StringComparison.Ordinal);
        Assert.DoesNotContain("foreign", page, StringComparison.Ordinal);
        Assert.Contains("user.login_failed", page, StringComparison.Ordinal);

        // Making them is itself in the log.
        await Platform.Testing.Eventually.Async(
            async () => (await admin.GetStringAsync("/api/v1/audit/logs?action=audit.reported")).Split("\"audit.reported\"").Length == 3,
            TimeSpan.FromSeconds(60),
            "the reports are not recorded");
    }

    [Fact]
    public async Task Report_OfBadDaysAndFormat_IsRefused()
    {
        using var auditor = audit.VisitAsAuditor(_tenant);
        using var format = await auditor.GetAsync("/api/v1/audit/compliance?format=pdf");
        Assert.Equal(HttpStatusCode.BadRequest, format.StatusCode);
        using var days = await auditor.GetAsync("/api/v1/audit/compliance?from=2026-03-01&to=2026-02-01");
        Assert.Equal(HttpStatusCode.BadRequest, days.StatusCode);
    }

    [Fact]
    public void Subjects_OfTheReport_CoverEveryCategoryButTheTraffic() => Assert.Equal(
        ActionCatalogue.All.Select(action => action.Category).Distinct(StringComparer.Ordinal)
            .Except([ActionCategory.Request, ActionCategory.Device, ActionCategory.Notification], StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ReportSubjects.All.SelectMany(subject => subject.Categories).Order(StringComparer.Ordinal));

    private static IEnumerable<JsonElement> Sections(JsonElement report) => report.GetProperty("sections").EnumerateArray();

    private static (long Success, long Denied) Count(JsonElement report, string action)
    {
        var count = Sections(report).SelectMany(section => section.GetProperty("counts").EnumerateArray())
            .Single(count => count.GetProperty("action").GetString() == action);
        return (count.GetProperty("success").GetInt64(), count.GetProperty("denied").GetInt64());
    }
}
