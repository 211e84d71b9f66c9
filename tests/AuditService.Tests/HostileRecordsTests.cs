using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AuditService.Tests.Support;
using RabbitMQ.Client;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

public sealed class HostileRecordsTests(RunningAudit audit)
{
    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Record_WithNulsEverywhere_IsKeptAndMarked()
    {
        var record = Told.Record(_tenant);
        var hostile = record with
        {
            Envelope = record.Envelope with { UserAgent = "a\0b", Actor = new Actor(ActorKind.User, "u\0", "\0") },
            Action = "x\0y",
            ResourceId = "\0",
            Detail = new Dictionary<string, string>(StringComparer.Ordinal) { ["na\0me"] = "va\0lue" },
            After = Told.Json("\"AFTER\""),
        };

        // As raw JSON: our own serializer would refuse to write half a surrogate pair.
        await SendRawAsync(JsonSerializer.Serialize(hostile, EventCatalogue.Json).Replace(
            "\"AFTER\"", """{"nul\u0000":"\u0000","half":"\ud800","huge":1e400000,"deep":[[[[1]]]]}""", StringComparison.Ordinal));

        var line = Assert.Single(await audit.WaitForLinesAsync(_tenant, 1));
        Assert.Equal("a�b", line.GetProperty("userAgent").GetString());
        Assert.Equal("x�y", line.GetProperty("action").GetString());
        Assert.Equal(
            ["action:replaced", "action:unknown", "actorId:replaced", "actorName:replaced", "after:replaced", "detail:replaced", "resourceId:replaced", "userAgent:replaced"],
            line.GetProperty("marks").EnumerateArray().Select(mark => mark.GetString()!));
        var document = await DocumentAsync(record.Envelope.Id);
        Assert.Equal("va�lue", document.GetProperty("detail").GetProperty("na�me").GetString());
        Assert.Equal("1e400000", document.GetProperty("after").GetProperty("huge").GetString());
    }

    [Fact]
    public async Task Record_Oversized_IsKeptCutAndMarked()
    {
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record with
        {
            Envelope = record.Envelope with { UserAgent = new string('u', 100_000) },
            ResourceId = new string('r', 5000),
            Before = JsonSerializer.SerializeToElement(new { text = new string('x', 1_000_000) }),
        });

        var line = Assert.Single(await audit.WaitForLinesAsync(_tenant, 1));
        Assert.Equal(512, line.GetProperty("userAgent").GetString()!.Length);
        Assert.Equal(["before:truncated", "resourceId:truncated", "userAgent:truncated"], line.GetProperty("marks").EnumerateArray().Select(mark => mark.GetString()!));
        var before = (await DocumentAsync(record.Envelope.Id)).GetProperty("before");
        Assert.True(before.GetProperty("truncated").GetInt32() > 1_000_000, "the size is not told");
        Assert.StartsWith("""{"text":"xxx""", before.GetProperty("beginning").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_WithSecretsItsWriterForgot_KeepsThemOut()
    {
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record with
        {
            Before = Told.Json("""{"user":{"password":"hunter2","passwordChanged":true,"enrollmentTokenId":"t-1"}}"""),
            After = Told.Json("""{"note":"Authorization: Bearer abcdef123456","list":[{"apiKey":"k-123"}]}"""),
        });

        await audit.WaitForLinesAsync(_tenant, 1);
        var text = (await DocumentAsync(record.Envelope.Id)).GetRawText();
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdef123456", text, StringComparison.Ordinal);
        Assert.DoesNotContain("k-123", text, StringComparison.Ordinal);
        Assert.Contains("t-1", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not an address", null, "address:unreadable")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", null)]
    [InlineData("fe80::1%3", "fe80::1", null)]
    public async Task Record_WithOddAddress_IsKept(string address, string? kept, string? mark)
    {
        var record = Told.Record(_tenant);
        await audit.PublishAsync(record with { Envelope = record.Envelope with { Address = address } });

        var line = Assert.Single(await audit.WaitForLinesAsync(_tenant, 1));
        Assert.Equal(kept, line.GetProperty("address").GetString());
        Assert.Equal(mark is null ? [] : [mark], line.GetProperty("marks").EnumerateArray().Select(one => one.GetString()));
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public async Task Record_FromAnImpossibleTime_IsKept(string time)
    {
        var at = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
        await audit.PublishAsync(Told.Record(_tenant, RunningAudit.NewId(), at));

        var line = Assert.Single(await audit.WaitForLinesAsync(_tenant, 1));
        Assert.Equal(at, line.GetProperty("occurredAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Record_WithValuesOfANewerVersion_IsKeptMarkedAndWordForWord()
    {
        var record = Told.Record(_tenant);
        var message = JsonSerializer.SerializeToNode(record, EventCatalogue.Json)!.AsObject();
        message["severity"] = "Apocalyptic";
        message["result"] = 17;
        message["envelope"]!["actor"]!["kind"] = "Robot";
        message["newField"] = "kept too";
        await SendRawAsync(message.ToJsonString());

        var line = Assert.Single(await audit.WaitForLinesAsync(_tenant, 1));
        Assert.Equal("unknown", line.GetProperty("severity").GetString());
        Assert.Equal(["actorKind:unknown", "result:unknown", "severity:unknown"], line.GetProperty("marks").EnumerateArray().Select(mark => mark.GetString()!));
        var received = (await DocumentAsync(record.Envelope.Id)).GetProperty("detail").GetProperty("received");
        Assert.Equal("Apocalyptic", received.GetProperty("severity").GetString());
        Assert.Equal("kept too", received.GetProperty("newField").GetString());
    }

    [Fact]
    public async Task Record_ThatIsNoRecord_IsADeadLetterAndHoldsUpNothing()
    {
        await SendRawAsync("""{"envelope":"nonsense","action":5}""");
        await audit.PublishAsync(Told.Record(_tenant));

        await audit.WaitForLinesAsync(_tenant, 1);
        using var platform = audit.VisitAsPlatform();
        await Eventually.Async(
            async () => (await platform.GetStringAsync("/api/v1/admin/dead-letters?queue=audit-audit-recorded")).Contains("\"waiting\"", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60),
            "the message is no dead letter");
    }

    private async Task<JsonElement> DocumentAsync(Guid id)
    {
        using var auditor = audit.VisitAsAuditor(_tenant);
        return await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs/{id}");
    }

    /// <summary>Sends what no build of this code would: MassTransit's own envelope with any message in it.</summary>
    private async Task SendRawAsync(string message)
    {
        var body = $$"""
            {"messageId":"{{RunningAudit.NewId()}}","messageType":["urn:message:ServiceDefaults.Contracts:AuditRecorded"],"message":{{message}}}
            """;
        var factory = new ConnectionFactory { Uri = new Uri(audit.Messaging) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicPublishAsync(
            "ServiceDefaults.Contracts:AuditRecorded",
            "",
            mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json" },
            Encoding.UTF8.GetBytes(body));
    }
}
