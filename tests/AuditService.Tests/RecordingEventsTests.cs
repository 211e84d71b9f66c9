using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

public sealed class RecordingEventsTests(RunningAudit audit)
{
    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Publish_RecordOfAService_IsKeptWithEveryField()
    {
        var told = Told.Record(_tenant) with
        {
            Action = "device.enrolled",
            ResourceType = "device",
            ResourceId = "d-7",
            Severity = AuditSeverity.Warning,
            Result = AuditResult.Denied,
            Duration = TimeSpan.FromMilliseconds(41.5),
            Before = Told.Json("""{"name":"old","tags":[1,2.50]}"""),
            After = Told.Json("""{"name":"new"}"""),
            Detail = new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = "quota" },
        };
        await audit.PublishAsync(told);

        var line = Assert.Single(await audit.WaitForLinesAsync(_tenant, 1));
        Assert.Equal(told.Envelope.Id, line.GetProperty("id").GetGuid());
        Assert.Equal(told.Envelope.OccurredAt, line.GetProperty("occurredAt").GetDateTimeOffset(), TimeSpan.FromMicroseconds(1));
        Assert.Equal(_tenant, line.GetProperty("tenantId").GetGuid());
        Assert.Equal("""{"kind":"user","id":"actor-1","name":"Ada"}""", line.GetProperty("actor").GetRawText());
        Assert.Equal("session-1", line.GetProperty("sessionId").GetString());
        Assert.Equal("203.0.113.7", line.GetProperty("address").GetString());
        Assert.Equal("curl/8", line.GetProperty("userAgent").GetString());
        Assert.Equal("device.enrolled", line.GetProperty("action").GetString());
        Assert.Equal("""{"type":"device","id":"d-7"}""", line.GetProperty("resource").GetRawText());
        Assert.Equal("warning", line.GetProperty("severity").GetString());
        Assert.Equal("denied", line.GetProperty("result").GetString());
        Assert.Equal(41.5, line.GetProperty("durationMs").GetDouble());
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", line.GetProperty("traceId").GetString());
        Assert.Equal(0, line.GetProperty("marks").GetArrayLength());

        using var auditor = audit.VisitAsAuditor(_tenant);
        var document = await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs/{told.Envelope.Id}");
        Assert.Equal("old", document.GetProperty("before").GetProperty("name").GetString());
        Assert.Equal("new", document.GetProperty("after").GetProperty("name").GetString());
        Assert.Equal("quota", document.GetProperty("detail").GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData(200, "success", "info")]
    [InlineData(302, "success", "info")]
    [InlineData(401, "denied", "notice")]
    [InlineData(403, "denied", "notice")]
    [InlineData(404, "failure", "info")]
    [InlineData(429, "failure", "notice")]
    [InlineData(503, "failure", "warning")]
    public async Task Publish_RequestsOfAGateway_AreJudgedByStatus(int status, string result, string severity)
    {
        await audit.PublishAsync(Told.Requests(_tenant, 3, status));

        var lines = await audit.WaitForLinesAsync(_tenant, 3);
        Assert.Equal(3, lines.Count);
        Assert.All(lines, line =>
        {
            Assert.Equal("api.request", line.GetProperty("action").GetString());
            Assert.Equal(result, line.GetProperty("result").GetString());
            Assert.Equal(severity, line.GetProperty("severity").GetString());
            Assert.Equal("2001:db8::1", line.GetProperty("address").GetString());
            Assert.Equal(12.5, line.GetProperty("durationMs").GetDouble());
            Assert.Equal(
                $$"""{"method":"GET","path":"/api/v1/devices","route":"devices","status":{{status}},"requestId":"request-1"}""",
                line.GetProperty("request").GetRawText());
        });
    }

    [Fact]
    public async Task Deliver_SameMessagesTwice_EachIsKeptOnce()
    {
        var record = Told.Record(_tenant);
        var requests = Told.Requests(_tenant, 50);
        for (var turn = 0; turn < 3; turn++)
        {
            await audit.PublishAsync(record);
            await audit.PublishAsync(requests);
        }

        // Behind them in both queues: when it is there, the deliveries before it have been taken.
        await audit.PublishAsync(Told.Record(_tenant));
        await audit.PublishAsync(Told.Requests(_tenant, 1));

        await audit.WaitForLinesAsync(_tenant, 53);
        Assert.Equal(53, await audit.CountAsync(_tenant));
    }
}
