using System.Net;
using System.Net.Http.Json;
using AuditService.Data;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>Messages that a consumer gave up, and got again when it worked.</summary>
public sealed class ReplayingDeadLettersTests(RunningAudit audit, DeadLetterOffice office) : IClassFixture<DeadLetterOffice>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Replay_ConsumerWorksAgain_HandledOnceAndInThatQueueAlone()
    {
        var message = office.Event();
        var letter = Assert.Single(await office.GiveUpAsync(message));

        var replayed = await office.ReplayAsync(letter);

        Assert.Equal("replayed", replayed.Text("state"));
        Assert.Equal(office.AdministratorId, replayed.GetProperty("decision").Text("by"));
        await Eventually.Async(() => office.Effects.Flaky.Contains(message.Envelope.Id), Deadline, "the consumer did not get it again");
        await office.QueueIsWorkedOffAsync();
        Assert.Single(office.Effects.Flaky, id => id == message.Envelope.Id);
        Assert.Single(office.Effects.Steady, id => id == message.Envelope.Id);
        var record = await office.AuditedAsync("dead_letter.replayed", letter.Text("id"));
        Assert.Equal(office.AdministratorId, record.GetProperty("record").GetProperty("actor").Text("id"));
        Assert.Equal(office.Queue, record.GetProperty("detail").Text("queue"));
    }

    /// <summary>kill -9 when the messages are in their queue, and even handled, and their replay is not noted.</summary>
    [Fact]
    public async Task ReplayRange_KilledBeforeItIsNoted_WaitsAndIsHandledOnceWhenReplayedAgain()
    {
        PasswordChanged[] events = [office.Event(), office.Event()];
        var letters = await office.GiveUpAsync(events);
        var range = new { queue = office.Queue, from = letters[0].Text("failedAt") };
        await using (await office.HoldNotesAsync())
        {
            using var process = ServiceProcess.Start(typeof(AuditDbContext).Assembly, audit.Settings);
            using var visitor = RunningAudit.VisitAt(await process.AddressAsync(Deadline), office.Token(TimeSpan.FromMinutes(1)));
            var replay = visitor.PostAsJsonAsync($"{DeadLetterOffice.Path}/replay", range);
            await Eventually.Async(
                () => Array.TrueForAll(events, message => office.Effects.Flaky.Contains(message.Envelope.Id)), Deadline, "it was not replayed");
            await process.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => replay);
        }

        Assert.Equal(2, (await office.ListAsync($"queue={range.queue}&from={Uri.EscapeDataString(range.from)}")).Count);
        using var again = await office.PostAsync("replay", range);
        Assert.Equal(2, (await again.BodyAsync(HttpStatusCode.OK)).GetProperty("replayed").GetInt32());

        await office.QueueIsWorkedOffAsync();
        Assert.All(events, message => Assert.Single(office.Effects.Flaky, id => id == message.Envelope.Id));
        await office.AuditedAsync("dead_letter.replayed", letters[1].Text("id"));
    }

    [Fact]
    public async Task Replay_FailsAgain_IsANewDeadLetterThatNamesTheFirst()
    {
        var message = office.Event();
        var letter = Assert.Single(await office.GiveUpAsync(message));
        office.Effects.Fails = true;
        await office.ReplayAsync(letter);

        await Eventually.Async(
            async () => (await office.ListAsync($"eventId={message.Envelope.Id}")) is [var again] && again.GetProperty("replayOf").GetGuid() == letter.GetProperty("id").GetGuid(),
            Deadline,
            "the message that failed again is no dead letter");
        office.Effects.Fails = false;
    }

    [Fact]
    public async Task Replay_OneThatIsDecided_409()
    {
        var letter = Assert.Single(await office.GiveUpAsync(office.Event()));
        await office.ReplayAsync(letter);

        using var again = await office.PostAsync($"{letter.Text("id")}/replay");
        Assert.Equal("dead_letter_decided", await again.ProblemAsync(HttpStatusCode.Conflict));
        using var discard = await office.PostAsync($"{letter.Text("id")}/discard", new { reason = "not needed" });
        Assert.Equal("dead_letter_decided", await discard.ProblemAsync(HttpStatusCode.Conflict));
    }

    /// <summary>The inbox forgets after 30 days: what it may have forgotten must not be handed to it again.</summary>
    [Fact]
    public async Task Replay_EventOlderThanTheInboxRemembers_409AndItWaits()
    {
        var letter = Assert.Single(await office.GiveUpAsync(office.Event(TimeProvider.System.GetUtcNow().AddDays(-29))));

        using var answer = await office.PostAsync($"{letter.Text("id")}/replay");

        Assert.Equal("replay_window_passed", await answer.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Single(await office.ListAsync($"eventId={letter.Text("eventId")}"));
    }

    [Fact]
    public async Task Replay_QueueIsGone_409AndItWaits()
    {
        var queue = $"gone-{RunningAudit.NewId()}";
        await office.BuryAsync("no event"u8.ToArray(), new(StringComparer.Ordinal) { ["MT-Fault-InputAddress"] = $"rabbitmq://localhost/{queue}" });
        await Eventually.Async(async () => (await office.ListAsync($"queue={queue}")).Count == 1, Deadline, "it was not collected");
        var letter = Assert.Single(await office.ListAsync($"queue={queue}"));

        using var answer = await office.PostAsync($"{letter.Text("id")}/replay");

        Assert.Equal("queue_gone", await answer.ProblemAsync(HttpStatusCode.Conflict));
        using var range = await office.PostAsync("replay", new { queue });
        var outcome = await range.BodyAsync(HttpStatusCode.OK);
        Assert.Equal(0, outcome.GetProperty("replayed").GetInt32());
        Assert.Equal("queue_gone", Assert.Single(outcome.GetProperty("refused").EnumerateArray()).Text("code"));
        Assert.Single(await office.ListAsync($"queue={queue}"));
    }

    [Fact]
    public async Task ReplayRange_InTwoParts_EachOnceOldestFirst()
    {
        var events = Enumerable.Range(0, 3).Select(_ => office.Event()).ToArray();
        var letters = await office.GiveUpAsync(events);
        var range = new { service = office.Service, from = letters[0].Text("failedAt"), limit = 2, reason = "the zone is there now" };

        using var first = await office.PostAsync("replay", range);
        var outcome = await first.BodyAsync(HttpStatusCode.OK);
        Assert.Equal(2, outcome.GetProperty("replayed").GetInt32());
        Assert.True(outcome.GetProperty("more").GetBoolean());
        using var second = await office.PostAsync("replay", range);
        Assert.False((await second.BodyAsync(HttpStatusCode.OK)).GetProperty("more").GetBoolean());

        await office.QueueIsWorkedOffAsync();
        Assert.Equal(
            events.Select(message => message.Envelope.Id),
            office.Effects.Flaky.Where(id => Array.Exists(events, message => message.Envelope.Id == id)));
        Assert.Equal("the zone is there now", (await office.AuditedAsync("dead_letter.replayed", letters[2].Text("id"))).GetProperty("detail").Text("reason"));
    }
}
