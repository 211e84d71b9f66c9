using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NotificationService.Data;
using ServiceDefaults.Authentication;

namespace NotificationService.Inbox;

/// <summary>
/// The inbox live, as server-sent events: <c>notification</c> for every new entry, with its position as the event's id,
/// and <c>heartbeat</c> in between. A client that comes back with <c>Last-Event-ID</c> gets what it missed, and nothing twice.
/// </summary>
internal static class StreamInbox
{
    private const int MostAtOnce = 200;

    public static ServerSentEventsResult<object> Handle(
        [FromHeader(Name = "Last-Event-ID"), RegularExpression("[0-9]{1,18}", ErrorMessage = "Last-Event-ID is not an id of this stream.")]
        string? lastEventId,
        NotificationDbContext database,
        Caller caller,
        InboxSignals signals,
        IOptions<InboxOptions> options,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken)
    {
        var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        ends.CancelAfter(options.Value.LongestStream);
        long? from = lastEventId is null ? null : long.Parse(lastEventId, CultureInfo.InvariantCulture);
        return TypedResults.ServerSentEvents(EventsAsync(
            ReadInbox.Own(database, caller).AsNoTracking(), from, signals, caller.SubjectId, options.Value.Heartbeat, ends, CancellationToken.None));
    }

    private static async IAsyncEnumerable<SseItem<object>> EventsAsync(
        IQueryable<InboxEntry> inbox,
        long? from,
        InboxSignals signals,
        Guid user,
        TimeSpan heartbeat,
        CancellationTokenSource ends,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = ends;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ends.Token, cancellationToken);

        // Before the first look: an entry that comes in between is signalled, not missed.
        using var signal = signals.Listen(user);
        var head = await inbox.MaxAsync(entry => (long?)entry.Position, linked.Token) ?? 0;
        var last = Math.Min(from ?? head, head);
        yield return Beat(last);
        while (true)
        {
            var fresh = await NextAsync(inbox, last, linked.Token);
            foreach (var entry in fresh)
            {
                last = entry.Position;
                yield return new SseItem<object>(InboxItem.Of(entry), "notification") { EventId = Id(last) };
            }

            if (fresh.Count < MostAtOnce && !await signal.WaitAsync(heartbeat, linked.Token))
            {
                if (linked.IsCancellationRequested)
                {
                    yield break;
                }

                yield return Beat(last);
            }
        }
    }

    private static async Task<List<InboxEntry>> NextAsync(IQueryable<InboxEntry> inbox, long last, CancellationToken cancellationToken)
    {
        try
        {
            return await inbox.Where(entry => entry.Position > last).OrderBy(entry => entry.Position).Take(MostAtOnce)
                .ToListAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }

    // With the id, so that a client which got no entry yet knows where it stands.
    private static SseItem<object> Beat(long last) => new(new { }, "heartbeat") { EventId = Id(last) };

    private static string Id(long position) => position.ToString(CultureInfo.InvariantCulture);
}
