using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Tests.Support;

namespace AuditService.Tests;

public sealed class AuditAuthorizationTests(RunningAudit audit)
{
    private const string SomeId = "0197a1b2-0000-7000-8000-000000000001";

    public static TheoryData<string, string[]> Routes => new()
    {
        { "/api/v1/audit/logs", ["audit:read", "audit:admin"] },
        { $"/api/v1/audit/logs/{SomeId}", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/resources/user/1", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/users/1", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/me", ["identity:self"] },
        { "/api/v1/audit/actions", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/completeness", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/statistics", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/compliance", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/checkpoint", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/checkpoint/key", ["audit:read", "audit:admin"] },
        { $"/api/v1/audit/logs/{SomeId}/proof", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/consistency?from=0&to=0", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/evidence", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/export", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/subjects/1/export", ["audit:admin"] },
        { "/api/v1/audit/holds", ["audit:admin"] },
        { "/api/v1/audit/integrity", ["audit:read", "audit:admin"] },
        { "/api/v1/audit/tile/0/000", ["audit:read", "audit:admin"] },
        { "/api/v1/admin/dead-letters", ["platform:admin"] },
        { "/api/v1/admin/dead-letters/summary", ["platform:admin"] },
        { $"/api/v1/admin/dead-letters/{SomeId}", ["platform:admin"] },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_WithoutToken_401(string path, string[] scopes)
    {
        Assert.NotEmpty(scopes);
        using var client = audit.Visit();
        using var answer = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_WithEveryOtherScope_403(string path, string[] scopes)
    {
        string[] all =
        [
            "identity:self", "identity:admin", "audit:read", "audit:admin", "notifications:read", "notifications:admin",
            "devices:read", "devices:write", "devices:self", "platform:admin",
        ];
        using var client = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), RunningAudit.NewId(), [.. all.Except(scopes, StringComparer.Ordinal)]));
        using var answer = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Records_OfAnotherTenant_AreNotThereButForThePlatform()
    {
        var tenant = RunningAudit.NewId();
        var record = Told.Record(tenant) with { ResourceId = "secret-thing" };
        await audit.PublishAsync(record);
        await audit.WaitForLinesAsync(tenant, 1);

        using var stranger = audit.VisitAsAuditor(RunningAudit.NewId());
        using var show = await stranger.GetAsync($"/api/v1/audit/logs/{record.Envelope.Id}");
        Assert.Equal(HttpStatusCode.NotFound, show.StatusCode);
        foreach (var path in new[]
        {
            $"/api/v1/audit/logs?tenantId={tenant}", "/api/v1/audit/logs?resourceId=secret-thing",
            "/api/v1/audit/resources/user/secret-thing", "/api/v1/audit/users/actor-1",
        })
        {
            Assert.Equal("""{"items":[],"nextCursor":null}""", await stranger.GetStringAsync(path));
        }

        using var platform = audit.VisitAsPlatform();
        var page = await platform.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs?tenantId={tenant}&action=user.updated");
        Assert.Equal(record.Envelope.Id, Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Records_OfNoTenant_AreForThePlatformAlone()
    {
        var requests = Told.Requests(RunningAudit.NewId(), 0);
        var anonymous = Told.Request(null, requests.Envelope.OccurredAt, 401) with { RequestId = $"anonymous-{requests.Envelope.Id}" };
        await audit.PublishAsync(requests with { Requests = [anonymous] });

        using var platform = audit.VisitAsPlatform();
        await Platform.Testing.Eventually.Async(
            async () => (await platform.GetStringAsync($"/api/v1/audit/logs?resourceId={anonymous.RequestId}")).Contains(anonymous.Id.ToString(), StringComparison.Ordinal),
            TimeSpan.FromSeconds(20));
        using var auditor = audit.VisitAsAuditor(Guid.Empty);
        using var show = await auditor.GetAsync($"/api/v1/audit/logs/{anonymous.Id}");
        Assert.Equal(HttpStatusCode.NotFound, show.StatusCode);
    }
}
