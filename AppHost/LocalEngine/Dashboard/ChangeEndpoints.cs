using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Platform.LocalEngine.Dashboard;

/// <summary>Pushes the lists whole whenever they change: they are short, and a page can't get out of step.</summary>
internal static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder app, ResourceService resources) =>
        app.MapGet("/api/changes", (CancellationToken cancellationToken) =>
            TypedResults.ServerSentEvents(ChangesAsync(resources, cancellationToken)));

    private static async IAsyncEnumerable<SseItem<object>> ChangesAsync(
        ResourceService resources, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Two items at most: a list that was not sent yet is overtaken by its successor anyway.
        var pushed = Channel.CreateBounded<SseItem<object>>(2);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pushing = Task.WhenAll(PushResourcesAsync(resources, pushed.Writer, ended.Token), PushMailsAsync(resources, pushed.Writer, ended.Token));
        try
        {
            await foreach (var item in pushed.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            await ended.CancelAsync();
            await pushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task PushResourcesAsync(ResourceService resources, ChannelWriter<SseItem<object>> pushed, CancellationToken cancellationToken)
    {
        await foreach (var snapshots in resources.WatchAsync(cancellationToken))
        {
            await pushed.WriteAsync(new SseItem<object>(snapshots, "resources"), cancellationToken);
        }
    }

    private static async Task PushMailsAsync(ResourceService resources, ChannelWriter<SseItem<object>> pushed, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = resources.Mailbox.Changed.NextAsync(cancellationToken);
            await pushed.WriteAsync(new SseItem<object>(resources.Mailbox.Mails.Select(MailSummary.Of).ToList(), "mails"), cancellationToken);
            await changed;
        }
    }
}
