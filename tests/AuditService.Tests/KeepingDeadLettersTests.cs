using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.DeadLetters;
using AuditService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AuditService.Tests;

/// <summary>What is kept of a message that a consumer gave up, who may see it, and how it goes.</summary>
public sealed class KeepingDeadLettersTests(RunningAudit audit, DeadLetterOffice office) : IClassFixture<DeadLetterOffice>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task GivenUp_ByAConsumer_IsShownWithItsReasonAndWithoutSecrets()
    {
        var message = office.Event() with { UserName = "ada; Password=hunter2xyz" };
        var letter = Assert.Single(await office.GiveUpAsync(message));

        Assert.Equal(office.Queue, letter.Text("queue"));
        Assert.Equal(office.Service, letter.Text("service"));
        Assert.Equal("PasswordChanged", letter.Text("eventType"));
        Assert.Equal(message.Envelope.TenantId, letter.GetProperty("tenantId").GetGuid());
        Assert.Equal("System.TimeZoneNotFoundException", letter.GetProperty("fault").Text("type"));
        var shown = await office.Administrator.GetFromJsonAsync<JsonElement>($"{DeadLetterOffice.Path}/{letter.Text("id")}");
        Assert.Equal("ada@platform.test", shown.GetProperty("body").GetProperty("message").Text("email"));
        Assert.Contains("FlakyConsumer", shown.Text("trace"), StringComparison.Ordinal);
        Assert.Equal(message.Envelope.Id.ToString(), shown.GetProperty("body").GetProperty("message").GetProperty("envelope").Text("id"));
        Assert.DoesNotContain("hunter2xyz", shown.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("no such zone; Password=[redacted]", letter.GetProperty("fault").Text("message"));
        await office.AuditedAsync("dead_letter.read", letter.Text("id"));
    }

    /// <summary>Killed after its commit and before its acknowledgement, the collector gets the message again.</summary>
    [Fact]
    public async Task Collected_Twice_IsKeptOnce()
    {
        var queue = $"twice-{RunningAudit.NewId()}";
        Dictionary<string, object?> headers = new(StringComparer.Ordinal)
        {
            ["MT-Fault-InputAddress"] = $"rabbitmq://localhost/{queue}",
            ["MT-Fault-Timestamp"] = "2026-11-21T10:00:00.0000000Z",
            ["odd\0name"] = new byte[] { 0xff, 0 },
        };
        await office.BuryAsync([0, 1, 0xff, (byte)'{'], headers);
        await office.BuryAsync([0, 1, 0xff, (byte)'{'], headers);
        headers["MT-Fault-Timestamp"] = "2026-11-21T11:00:00.0000000Z";
        await office.BuryAsync([0, 1, 0xff, (byte)'{'], headers);

        await Eventually.Async(
            async () => (await office.ListAsync($"queue={queue}")).Exists(letter => letter.Text("failedAt").StartsWith("2026-11-21T11", StringComparison.Ordinal)),
            Deadline,
            "the last one was not collected");
        Assert.Equal(2, (await office.ListAsync($"queue={queue}")).Count);
    }

    [Fact]
    public async Task Discard_WithAReason_IsNoLongerWaitingAndAudited()
    {
        var letter = Assert.Single(await office.GiveUpAsync(office.Event()));
        using var without = await office.PostAsync($"{letter.Text("id")}/discard", new { reason = " " });
        Assert.Equal(["reason"], await without.FaultsAsync());

        using var answer = await office.PostAsync($"{letter.Text("id")}/discard", new { reason = "the account is gone" });

        Assert.Equal("the account is gone", (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("decision").Text("reason"));
        Assert.Empty(await office.ListAsync($"eventId={letter.Text("eventId")}"));
        Assert.Single(await office.ListAsync($"eventId={letter.Text("eventId")}&state=discarded"));
        var record = await office.AuditedAsync("dead_letter.discarded", letter.Text("id"));
        Assert.Equal("the account is gone", record.GetProperty("detail").Text("reason"));
        Assert.Equal("warning", record.GetProperty("record").Text("severity"));
    }

    [Fact]
    public async Task Decide_WithoutARecentProof_401WithTheChallenge()
    {
        foreach (var token in (string[])
        [
            office.Token(null), office.Token(TimeSpan.FromMinutes(11)), audit.Tokens.Client("some-client", TestTokens.DefaultTenant, "platform:admin"),
        ])
        {
            using var visitor = audit.Visit(token);
            foreach (var (path, body) in (IEnumerable<(string, object?)>)
            [
                ("replay", new { queue = "none" }), ($"{RunningAudit.NewId()}/replay", null), ($"{RunningAudit.NewId()}/discard", new { reason = "because" }),
            ])
            {
                using var answer = await visitor.PostAsync($"{DeadLetterOffice.Path}/{path}", body is null ? null : JsonContent.Create(body));
                Assert.Equal("insufficient_user_authentication", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
                Assert.Contains("max_age=\"600\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Decide_OnOneThatIsNot_404()
    {
        using var replay = await office.PostAsync($"{RunningAudit.NewId()}/replay");
        Assert.Equal("not_found", await replay.ProblemAsync(HttpStatusCode.NotFound));
        using var discard = await office.PostAsync($"{RunningAudit.NewId()}/discard", new { reason = "because" });
        Assert.Equal("not_found", await discard.ProblemAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Ask_WithFaults_400NamesThemAll()
    {
        using var list = await office.Administrator.GetAsync($"{DeadLetterOffice.Path}?state=lost&limit=0&cursor=x&queue=a%00b");
        Assert.Equal(["cursor", "limit", "queue", "state"], await list.FaultsAsync());
        using var everything = await office.PostAsync("replay", new { });
        Assert.Equal(["queue"], await everything.FaultsAsync());
        using var backwards = await office.PostAsync("replay", new { from = "2026-02-01T00:00:00Z", to = "2026-01-01T00:00:00Z" });
        Assert.Equal(["to"], await backwards.FaultsAsync());
    }

    [Fact]
    public async Task List_ByEachFilterAndInPages_HasThoseAndNoOthers()
    {
        var events = Enumerable.Range(0, 3).Select(_ => office.Event()).ToArray();
        var letters = await office.GiveUpAsync(events);
        foreach (var filter in (string[])
        [
            $"eventId={events[1].Envelope.Id}",
            $"queue={office.Queue}&from={Uri.EscapeDataString(letters[1].Text("failedAt"))}&to={Uri.EscapeDataString(letters[2].Text("failedAt"))}",
        ])
        {
            Assert.Equal(letters[1].Text("id"), Assert.Single(await office.ListAsync(filter)).Text("id"));
        }

        foreach (var filter in (string[])["eventType=PasswordChanged", "faultType=System.TimeZoneNotFoundException", $"tenantId={office.Effects.Tenant}", "limit=1000"])
        {
            var all = await office.ListAsync($"service={office.Service}&{filter}");
            Assert.Superset(letters.Select(letter => letter.Text("id")).ToHashSet(), all.Select(letter => letter.Text("id")).ToHashSet());
        }

        Assert.Empty(await office.ListAsync($"service={office.Service}&eventType=UserRegistered"));
        Assert.Empty(await office.ListAsync($"service={office.Service}&faultType=System.Exception"));
        Assert.Empty(await office.ListAsync($"service={office.Service}&tenantId={RunningAudit.NewId()}"));
        var one = await office.Administrator.GetFromJsonAsync<JsonElement>($"{DeadLetterOffice.Path}?queue={office.Queue}&limit=1&to={Uri.EscapeDataString(letters[2].Text("failedAt"))}");
        Assert.Equal(letters[1].Text("id"), Assert.Single(one.GetProperty("items").EnumerateArray()).Text("id"));
        Assert.Equal(letters[0].Text("id"), (await office.ListAsync($"queue={office.Queue}&limit=1&cursor={one.Text("nextCursor")}"))[0].Text("id"));
    }

    [Fact]
    public async Task Summary_AndMetrics_TellWhatWaits()
    {
        await office.GiveUpAsync(office.Event());
        var summary = await office.Administrator.GetFromJsonAsync<JsonElement>($"{DeadLetterOffice.Path}/summary");
        var group = Assert.Single(summary.GetProperty("items").EnumerateArray(), item => item.Text("queue") == office.Queue);
        Assert.Equal("PasswordChanged", group.Text("eventType"));

        await audit.Services.GetServices<IHostedService>().OfType<DeadLetterUpkeep>().Single().RunAsync(TestContext.Current.CancellationToken);
        long waiting = 0;
        using MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "platform.dead_letters.waiting")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => waiting = tags.ToArray().Any(tag => (string?)tag.Value == office.Queue) ? Math.Max(waiting, value) : waiting);
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.InRange(waiting, 1, group.GetProperty("count").GetInt64());
    }
}
