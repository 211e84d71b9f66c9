using Gateway.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace Gateway.Revocation;

/// <summary>
/// Ends event streams, WebSockets, transfers and whatever else is under way once its token would not be let in any more:
/// revoked, ended for longer than the grace, or not to be judged because nothing was heard of revocations for too long.
/// A client of a gateway that lost its servers so finds its way to another.
/// </summary>
internal sealed partial class CuttingOpenRequests(
    OpenRequests requests,
    RevocationSet revocations,
    RevocationFreshness freshness,
    GatewayMetrics metrics,
    IOptionsMonitor<RevocationOptions> options,
    IOptions<AuthenticationOptions> authentication,
    TimeProvider time,
    ILogger<CuttingOpenRequests> logger) : BackgroundService
{
    // A tenth of the second within which a revocation must have ended a stream.
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer rhythm = new(Every, time);
        Func<VerifiedToken, bool> unrevoked = token => !revocations.Covers(token.Revocable);
        try
        {
            while (await rhythm.WaitForNextTickAsync(stoppingToken))
            {
                var unknown = freshness.State == RevocationState.Unknown;
                var version = unknown ? long.MaxValue : revocations.Version; // before the look at any request
                var endedBy = time.GetUtcNow() - authentication.Value.ClockSkew - options.CurrentValue.StreamGrace;
                var cut = requests.Cut(version, endedBy.ToUnixTimeMilliseconds(), unknown ? static _ => false : unrevoked);
                if (cut > 0)
                {
                    metrics.RequestsCut(cut);
                    LogCut(logger, cut);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // stopping
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Count} requests under way were cut: their tokens are not good any more")]
    private static partial void LogCut(ILogger logger, int count);
}
