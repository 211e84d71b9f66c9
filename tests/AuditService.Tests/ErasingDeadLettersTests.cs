using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.DeadLetters;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>What stays of somebody in messages that consumers gave up, once the person is erased.</summary>
public sealed class ErasingDeadLettersTests(RunningAudit audit, DeadLetterOffice office) : IClassFixture<DeadLetterOffice>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // What these events do is to bring a name or address to somebody: without it there is nothing to replay.
    private static readonly string[] Personal = [nameof(UserRegistered), nameof(PasswordChanged), nameof(AccountLinkIssued), nameof(EmailChanged)];

    [Fact]
    public void Contracts_EveryEvent_IsKnownToBePersonalOrNot() => Assert.Equal(
        typeof(IIntegrationEvent).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IIntegrationEvent)))
            .Select(type => type.Name).Order(StringComparer.Ordinal),
        PersonalParts.Separable.Concat(Personal).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Erase_LetterThatIsAboutNothingElse_IsDiscardedAndEmpty()
    {
        var (theirs, another) = (office.Event(), office.Event());
        var letters = await office.GiveUpAsync(theirs, another);
        using var stranger = Admin(RunningAudit.NewId());
        Assert.Equal(0, await EraseAsync(stranger, theirs.UserId));
        using var admin = Admin(office.Effects.Tenant);
        using var hold = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 1", subject = theirs.UserId.ToString() });
        Assert.Equal(0, await EraseAsync(admin, theirs.UserId));
        using var released = await admin.PostAsync($"{hold.Headers.Location}/release", null);

        Assert.Equal(1, await EraseAsync(admin, theirs.UserId));

        var shown = await ShowAsync(letters[0]);
        Assert.Equal("discarded", shown.GetProperty("letter").Text("state"));
        Assert.Equal("erased", shown.GetProperty("letter").GetProperty("decision").Text("reason"));
        Assert.DoesNotContain("ada@platform.test", shown.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(0, shown.GetProperty("letter").GetProperty("bytes").GetInt32());
        Assert.Equal("", shown.GetProperty("letter").GetProperty("fault").Text("message"));
        using var replay = await office.PostAsync($"{letters[0].Text("id")}/replay");
        Assert.Equal("dead_letter_decided", await replay.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal("erased", (await office.AuditedAsync("dead_letter.discarded", letters[0].Text("id"))).GetProperty("detail").Text("reason"));
        Assert.Equal("1", (await office.AuditedAsync("audit.subject_erased", theirs.UserId.ToString())).GetProperty("detail").Text("deadLetters"));
        Assert.Contains("ada@platform.test", (await ShowAsync(letters[1])).GetRawText(), StringComparison.Ordinal);
        Assert.Equal("waiting", letters[1].Text("state"));
    }

    [Fact]
    public async Task Erase_LetterOfRequestsOfSeveral_KeepsTheOthersAndWaits()
    {
        var (subject, queue) = (RunningAudit.NewId(), $"requests-{RunningAudit.NewId()}");
        var batch = Told.Requests(office.Effects.Tenant, 3);
        batch = batch with { Requests = [batch.Requests[0] with { Actor = new Actor(ActorKind.User, subject.ToString(), "Ada Lovelace") }, .. batch.Requests.Skip(1)] };
        var letter = await BuryAsync(queue, batch with { Envelope = batch.Envelope with { TenantId = Tenants.Default } });

        using var admin = Admin(office.Effects.Tenant);
        Assert.Equal(1, await EraseAsync(admin, subject));

        var shown = await ShowAsync(letter);
        Assert.Equal("waiting", shown.GetProperty("letter").Text("state"));
        Assert.DoesNotContain("Lovelace", shown.GetRawText(), StringComparison.Ordinal);
        var requests = JsonSerializer.Deserialize<RequestsAudited>(shown.GetProperty("body").GetProperty("message"), EventCatalogue.Json)!.Requests;
        Assert.Equal(batch.Requests[0] with { Actor = new Actor(ActorKind.User, subject.ToString()), SessionId = null, Address = null, UserAgent = null, Path = "" }, requests[0]);
        Assert.Equal(batch.Requests.Skip(1), requests.Skip(1));
    }

    [Fact]
    public async Task Erase_LetterOfARecord_KeepsTheRecordAndIsNotBroughtBack()
    {
        var (subject, queue) = (RunningAudit.NewId(), $"records-{RunningAudit.NewId()}");
        var record = Told.Record(office.Effects.Tenant) with { ResourceId = subject.ToString(), After = Told.Json("""{"email":"ada@example.org"}""") };
        var letter = await BuryAsync(queue, record);

        using var admin = Admin(office.Effects.Tenant);
        Assert.Equal(1, await EraseAsync(admin, subject));
        await BuryAsync(queue, record); // its collector was killed before it could acknowledge it

        Assert.Single(await office.ListAsync($"queue={queue}"));
        var shown = await ShowAsync(letter);
        Assert.Equal("waiting", shown.GetProperty("letter").Text("state"));
        foreach (var personal in (string[])["ada@example.org", "\"Ada\"", "203.0.113.7", "curl/8", "session-1"])
        {
            Assert.DoesNotContain(personal, shown.GetRawText(), StringComparison.Ordinal);
        }

        var left = JsonSerializer.Deserialize<AuditRecorded>(shown.GetProperty("body").GetProperty("message"), EventCatalogue.Json)!;
        Assert.Equal((record.Envelope.Id, record.Action, record.ResourceId), (left.Envelope.Id, left.Action, left.ResourceId));
    }

    private HttpClient Admin(Guid tenant) => audit.Visit(audit.Tokens.User(RunningAudit.NewId(), tenant, "audit:admin"));

    private static async Task<int> EraseAsync(HttpClient admin, Guid subject)
    {
        using var answer = await admin.PostAsJsonAsync($"/api/v1/audit/subjects/{subject}/erasure", new { reason = "asked for it" });
        return (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("deadLetters").GetInt32();
    }

    private async Task<JsonElement> ShowAsync(JsonElement letter) =>
        await office.Administrator.GetFromJsonAsync<JsonElement>($"{DeadLetterOffice.Path}/{letter.Text("id")}");

    /// <summary>The letter of an event that was given up, and after it one of another queue: what came before that is collected.</summary>
    private async Task<JsonElement> BuryAsync<T>(string queue, T message)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new { messageType = new[] { $"urn:message:ServiceDefaults.Contracts:{typeof(T).Name}" }, message }, EventCatalogue.Json);
        Dictionary<string, object?> headers = new(StringComparer.Ordinal)
        {
            ["MT-Fault-InputAddress"] = $"rabbitmq://localhost/{queue}",
            ["MT-Fault-Message"] = "Ada Lovelace is not expected",
            ["MT-Fault-Timestamp"] = "2026-11-21T10:00:00.0000000Z",
        };
        await office.BuryAsync(body, headers);
        var marker = $"marker-{RunningAudit.NewId()}";
        headers["MT-Fault-InputAddress"] = $"rabbitmq://localhost/{marker}";
        await office.BuryAsync("{}"u8.ToArray(), headers);
        await Eventually.Async(
            async () => (await office.ListAsync($"queue={marker}")).Count == 1 && (await office.ListAsync($"queue={queue}")).Count > 0,
            Deadline,
            "the letter was not collected");
        return Assert.Single(await office.ListAsync($"queue={queue}"));
    }
}
