using System.Text.Json;
using Gateway.Tokens;
using ServiceDefaults.Contracts;

namespace Gateway.Revocation;

/// <summary>
/// When the stream in Redis has not brought this gateway up to date shortly after its start, because Redis is away, empty
/// or holds an old copy, gets everything from the identity service. The stream is taken up from its start once it is
/// there: what is applied twice changes nothing.
/// </summary>
internal sealed partial class RevocationSnapshotAtStart(
    IdentityClient identity,
    RevocationSet revocations,
    AppliedSequence applied,
    RevocationFreshness freshness,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<RevocationSnapshotAtStart> logger) : BackgroundService
{
    // Longer than the stream takes when nothing is wrong.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer rhythm = new(Patience, time);
        try
        {
            while (await rhythm.WaitForNextTickAsync(stoppingToken) && !freshness.IsCaughtUp)
            {
                await TryReadAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // stopping
        }
    }

    private async Task TryReadAsync(CancellationToken stoppingToken)
    {
        var began = time.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        deadline.CancelAfter(Limit);
        try
        {
            using var answer = await identity.GetAsync(RevocationSnapshot.Path, deadline.Token);
            answer.EnsureSuccessStatusCode();
            await using var body = await answer.Content.ReadAsStreamAsync(deadline.Token);
            var count = 0;
            var head = await RevocationSnapshot.ReadAsync(
                body,
                one =>
                {
                    revocations.Apply(one.Kind!.Value, one.Value, one.Epoch, one.Cutoff, one.ExpiresAt);
                    metrics.RevocationApplied("snapshot");
                    count++;
                },
                deadline.Token);
            if (head.Generation is { } generation && !freshness.IsCaughtUp)
            {
                applied.Enter(generation);
            }

            applied.ReadInOrder(head.Sequence);
            freshness.CaughtUp(time.GetElapsedTime(began));
            LogRead(logger, count, head.Sequence);
        }
        catch (Exception fault) when ((IdentityClient.IsAway(fault) && !stoppingToken.IsCancellationRequested)
            || fault is JsonException or FormatException or ArgumentException)
        {
            LogAway(logger, fault.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Got {Count} revocations up to {Sequence} from the identity service, without the stream in Redis")]
    private static partial void LogRead(ILogger logger, int count, long sequence);

    [LoggerMessage(2, LogLevel.Warning, "Neither the stream in Redis nor the identity service says what is revoked: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
