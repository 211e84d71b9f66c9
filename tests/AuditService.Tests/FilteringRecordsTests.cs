using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

public sealed class FilteringRecordsTests(RunningAudit audit)
{
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow().AddMinutes(-10);

    private readonly Guid _tenant = RunningAudit.NewId();

    public static TheoryData<string> Filters => new()
    {
        "userId=wanted-user",
        "action=wanted.action",
        "resourceType=wanted-type",
        "resourceId=wanted-id",
        "severity=critical",
        "result=denied",
        "address=198.51.100.77",
        "address=::ffff:198.51.100.77",
        "traceId=feedfeedfeedfeedfeedfeedfeedfeed",
        "text=Wanted%20Per",
        "text=GRÜN",
        "text=after-word",
        "from={fourth}",
        "userId=wanted-user&action=wanted.action&severity=critical&result=denied&text=grün",
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task List_OneFilter_ShowsWhatFitsAndNothingElse(string query)
    {
        var wanted = Told.Record(_tenant, at: Start.AddMinutes(5)) with
        {
            Action = "wanted.action",
            ResourceType = "wanted-type",
            ResourceId = "wanted-id",
            Severity = AuditSeverity.Critical,
            Result = AuditResult.Denied,
            Detail = new Dictionary<string, string>(StringComparer.Ordinal) { ["colour"] = "it is grün." },
            After = Told.Json("""{"deep":[{"value":"After/word"}]}"""),
        };
        wanted = wanted with
        {
            Envelope = wanted.Envelope with
            {
                Actor = new Actor(ActorKind.User, "wanted-user", "Wanted Person"),
                Address = "198.51.100.77",
                TraceId = "feedfeedfeedfeedfeedfeedfeedfeed",
            },
        };
        await audit.PublishAsync(wanted);
        for (var other = 0; other < 3; other++)
        {
            await audit.PublishAsync(Told.Record(_tenant, at: Start.AddMinutes(other)));
        }

        await audit.WaitForLinesAsync(_tenant, 4);
        var question = query.Replace("{fourth}", Uri.EscapeDataString(Start.AddMinutes(4).ToString("O")), StringComparison.Ordinal);
        var line = Assert.Single(await audit.LinesAsync(_tenant, $"&{question}"));
        Assert.Equal(wanted.Envelope.Id, line.GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task List_TimeRange_IsFromInclusiveToExclusive()
    {
        for (var minute = 0; minute < 4; minute++)
        {
            await audit.PublishAsync(Told.Record(_tenant, at: Start.AddMinutes(minute)));
        }

        await audit.WaitForLinesAsync(_tenant, 4);
        var lines = await audit.LinesAsync(_tenant, $"&from={Text(Start.AddMinutes(1))}&to={Text(Start.AddMinutes(3))}");
        Assert.Equal(
            [2, 1],
            lines.Select(line => (int)Math.Round((line.GetProperty("occurredAt").GetDateTimeOffset() - Start).TotalMinutes)));

        static string Text(DateTimeOffset at) => Uri.EscapeDataString(at.ToOffset(TimeSpan.FromHours(5)).ToString("O"));
    }

    [Fact]
    public async Task Resource_User_AndMe_ShowTheirOwn()
    {
        var ada = RunningAudit.NewId();
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record with
        {
            ResourceType = "device",
            ResourceId = "a:b c",
            Envelope = record.Envelope with { Actor = new Actor(ActorKind.User, ada.ToString()) },
        });
        await audit.PublishAsync(Told.Record(_tenant));
        await audit.WaitForLinesAsync(_tenant, 2);

        using var auditor = audit.VisitAsAuditor(_tenant);
        Assert.Equal(record.Envelope.Id, await OnlyAsync(auditor, "/api/v1/audit/resources/device/a%3Ab%20c"));
        Assert.Equal(record.Envelope.Id, await OnlyAsync(auditor, $"/api/v1/audit/users/{ada}"));
        using var own = audit.Visit(audit.Tokens.User(ada, _tenant, "identity:self"));
        Assert.Equal(record.Envelope.Id, await OnlyAsync(own, "/api/v1/audit/me"));
        using var elsewhere = audit.Visit(audit.Tokens.User(ada, RunningAudit.NewId(), "identity:self", "platform:admin"));
        Assert.Equal("""{"items":[],"nextCursor":null}""", await elsewhere.GetStringAsync("/api/v1/audit/me"));
    }

    [Theory]
    [InlineData("severity=terrible")]
    [InlineData("severity=2")]
    [InlineData("result=maybe")]
    [InlineData("address=nowhere")]
    [InlineData("from=yesterday")]
    [InlineData("cursor=abc")]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("text=%00")]
    [InlineData("userId=%00")]
    [InlineData("tenantId=x")]
    public async Task List_BadFilter_Refused(string query)
    {
        using var auditor = audit.VisitAsAuditor(_tenant);
        using var answer = await auditor.GetAsync($"/api/v1/audit/logs?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Read_TheLog_IsToldToTheLog()
    {
        var auditorId = RunningAudit.NewId();
        using var auditor = audit.Visit(audit.Tokens.User(auditorId, _tenant, "audit:read"));
        await auditor.GetAsync("/api/v1/audit/logs?action=user.deleted&text=mallory");

        JsonElement? line = null;
        await Eventually.Async(
            async () =>
            {
                var page = await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/users/{auditorId}");
                line = page.GetProperty("items").EnumerateArray().Cast<JsonElement?>()
                    .LastOrDefault(one => one!.Value.GetProperty("action").GetString() == "audit.read");
                return line is not null;
            },
            TimeSpan.FromSeconds(20));
        var document = await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs/{line!.Value.GetProperty("id").GetString()}");
        Assert.Equal("user.deleted", document.GetProperty("detail").GetProperty("action").GetString());
        Assert.Equal("mallory", document.GetProperty("detail").GetProperty("text").GetString());
    }

    private static async Task<Guid> OnlyAsync(HttpClient client, string path)
    {
        var page = await client.GetFromJsonAsync<JsonElement>(path);
        return Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid();
    }
}
