using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ServiceDefaults.Messaging;

namespace AuditService.DeadLetters;

/// <summary>
/// Puts messages back into the queues they came from, and no other: by the default exchange, mandatory, confirmed. Their ids
/// are the same, so an inbox that has handled one meanwhile drops it.
/// </summary>
internal sealed class ReplayPublisher(
    BrokerConnection broker, DeadLetterMetrics metrics, IOptions<DeadLetterOptions> options, TimeProvider time)
{
    private static readonly CreateChannelOptions Confirmed = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);

    /// <summary>Publishes them in this order and waits for every confirm.</summary>
    /// <returns>For each null when it is in its queue, else the code of why it is not, one of <see cref="ReplayRefusals"/>.</returns>
    public async Task<IReadOnlyList<string?>> PublishAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.Value.ConfirmTimeout);
        string?[] outcomes;
        try
        {
            await using var channel = await broker.OpenChannelAsync(Confirmed, deadline.Token);
            outcomes = await Task.WhenAll(letters.Select(letter => PublishAsync(channel, letter, deadline.Token)));
        }
        catch (Exception fault) when (IsOutage(fault) && !cancellationToken.IsCancellationRequested)
        {
            outcomes = [.. letters.Select(_ => ReplayRefusals.BrokerAway)];
        }

        for (var index = 0; index < outcomes.Length; index++)
        {
            if (outcomes[index] is { } code)
            {
                metrics.Refused(letters[index].Queue, code);
            }
        }

        return outcomes;
    }

    private async Task<string?> PublishAsync(IChannel channel, DeadLetter letter, CancellationToken cancellationToken)
    {
        if ((letter.OccurredAt ?? letter.FailedAt) < time.GetUtcNow() - options.Value.ReplayFor)
        {
            return ReplayRefusals.TooOld;
        }

        try
        {
            var properties = MessageHeaders.ForReplay(
                JsonNode.Parse(letter.Headers)!.AsObject(), DeadLetterQueue.ReplayHeader, letter.Id);
            await channel.BasicPublishAsync("", letter.Queue, mandatory: true, properties, letter.Body, cancellationToken);
            return null;
        }
        catch (PublishException fault)
        {
            return fault.IsReturn ? ReplayRefusals.QueueGone : ReplayRefusals.QueueRefuses;
        }
        catch (Exception fault) when (IsOutage(fault))
        {
            return ReplayRefusals.BrokerAway;
        }
    }

    private static bool IsOutage(Exception fault) =>
        fault is RabbitMQClientException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException;
}

/// <summary>Why a message could not be put back; the codes that clients see.</summary>
internal static class ReplayRefusals
{
    public const string TooOld = "replay_window_passed";
    public const string QueueGone = "queue_gone";
    public const string QueueRefuses = "queue_refuses";
    public const string BrokerAway = "broker_unavailable";
}
