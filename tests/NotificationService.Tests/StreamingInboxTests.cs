using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using NotificationService.Tests.Support;

namespace NotificationService.Tests;

public sealed class StreamingInboxTests(RunningNotifications running)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Stream_NewEntry_ArrivesWithoutBeingAskedFor()
    {
        var ada = Person.New();
        await using var stream = await InboxStream.OpenAsync(running.Host, ada);
        Assert.Equal(("heartbeat", "0"), await stream.NextAsync());

        await running.Host.PublishAsync(ada.Registered());

        var (kind, id) = await stream.NextAsync(Patience);
        Assert.Equal(("notification", "1"), (kind, id));
        Assert.Equal("welcome", stream.Last.GetProperty("kind").GetString());
        var stored = Assert.Single(await running.Host.InboxAsync(ada));
        Assert.Equal(stored.GetProperty("id").GetString(), stream.Last.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Stream_BackWithLastEventId_GetsWhatItMissedAndNothingTwice()
    {
        var ada = Person.New();
        string last;
        await using (var first = await InboxStream.OpenAsync(running.Host, ada))
        {
            await first.NextAsync();
            await running.Host.PublishAsync(ada.ChangedPassword());
            last = (await first.NextAsync(Patience)).Id;
        }

        for (var entry = 0; entry < 5; entry++)
        {
            await running.Host.PublishAsync(ada.ChangedPassword());
        }

        await running.Host.WaitForInboxAsync(ada, 6);
        await using var second = await InboxStream.OpenAsync(running.Host, ada, last);
        Assert.Equal(("heartbeat", last), await second.NextAsync());
        List<string> ids = [];
        List<string> entries = [];
        while (ids.Count < 5)
        {
            ids.Add((await second.NextAsync(Patience)).Id);
            entries.Add(second.Last.GetProperty("id").GetString()!);
        }

        Assert.Equal(["2", "3", "4", "5", "6"], ids);
        Assert.Equal(5, entries.Distinct(StringComparer.Ordinal).Count());

        // And goes on live from there.
        await running.Host.PublishAsync(ada.ChangedPassword());
        Assert.Equal(("notification", "7"), await second.NextAsync(Patience));
    }

    [Fact]
    public async Task Stream_EntryCommittedByAnotherReplica_ArrivesBeforeAnyHeartbeat()
    {
        await using var one = await running.StartAsync(("Inbox:Heartbeat", "00:05:00"));
        await using var two = new NotificationHost(running.Tokens, one.Settings);
        await two.StartAsync();
        var ada = Person.New();
        await using var onOne = await InboxStream.OpenAsync(one, ada);
        await using var onTwo = await InboxStream.OpenAsync(two, ada);
        await onOne.NextAsync();
        await onTwo.NextAsync();

        // One of the two takes it from the queue; both must tell.
        await one.PublishAsync(ada.Registered());

        Assert.Equal(("notification", "1"), await onOne.NextAsync(Patience));
        Assert.Equal(("notification", "1"), await onTwo.NextAsync(Patience));
    }

    [Fact]
    public async Task Stream_Quiet_ShowsSignsOfLifeAndEndsInTime()
    {
        await using var host = await running.StartAsync(("Inbox:Heartbeat", "00:00:00.200"), ("Inbox:LongestStream", "00:00:02"));
        await using var stream = await InboxStream.OpenAsync(host, Person.New());
        for (var beat = 0; beat < 3; beat++)
        {
            Assert.Equal(("heartbeat", "0"), await stream.NextAsync(Patience));
        }

        var end = await stream.ReadToEndAsync(Patience);
        Assert.True(end, "the stream did not end");
    }

    [Fact]
    public async Task Stream_OfOneself_NeverShowsAnother()
    {
        var ada = Person.New();
        var eve = Person.New(tenant: ada.Tenant);
        await using var stream = await InboxStream.OpenAsync(running.Host, eve, "0");
        await stream.NextAsync();

        await running.Host.PublishAsync(ada.Registered());
        await running.Host.WaitForInboxAsync(ada, 1);
        await running.Host.PublishAsync(eve.Registered());

        await stream.NextAsync(Patience);
        var own = Assert.Single(await running.Host.InboxAsync(eve));
        Assert.Equal(own.GetProperty("id").GetString(), stream.Last.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Stream_LastEventIdThatIsNone_Refused()
    {
        using var client = running.Host.VisitAs(Person.New());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/notifications/stream");
        request.Headers.Add("Last-Event-ID", "abc");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private sealed class InboxStream : IAsyncDisposable
    {
        private readonly HttpClient _client;
        private readonly HttpResponseMessage _answer;
        private readonly IAsyncEnumerator<SseItem<string>> _events;

        private InboxStream(HttpClient client, HttpResponseMessage answer, IAsyncEnumerator<SseItem<string>> events) =>
            (_client, _answer, _events) = (client, answer, events);

        public JsonElement Last { get; private set; }

        public static async Task<InboxStream> OpenAsync(NotificationHost host, Person person, string? lastEventId = null)
        {
            var client = host.VisitAs(person);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/notifications/stream");
            if (lastEventId is not null)
            {
                request.Headers.Add("Last-Event-ID", lastEventId);
            }

            var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
            var parser = SseParser.Create(await answer.Content.ReadAsStreamAsync());
            return new InboxStream(client, answer, parser.EnumerateAsync().GetAsyncEnumerator());
        }

        public async Task<(string Kind, string Id)> NextAsync(TimeSpan? patience = null)
        {
            Assert.True(await _events.MoveNextAsync().AsTask().WaitAsync(patience ?? Patience), "the stream ended");
            Last = JsonDocument.Parse(_events.Current.Data).RootElement;
            return (_events.Current.EventType, _events.Current.EventId ?? "");
        }

        public async Task<bool> ReadToEndAsync(TimeSpan patience)
        {
            var began = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(began) < patience)
            {
                if (!await _events.MoveNextAsync().AsTask().WaitAsync(patience))
                {
                    return true;
                }
            }

            return false;
        }

        public ValueTask DisposeAsync()
        {
            _answer.Dispose();
            _client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
