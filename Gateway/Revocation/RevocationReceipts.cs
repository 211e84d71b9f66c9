using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace Gateway.Revocation;

/// <summary>Reports what this gateway has applied, at once when that grows and each second to show it is alive.</summary>
internal sealed class RevocationReceipts(
    GatewayInstance gateway, AppliedSequence applied, IOptionsMonitor<RevocationOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private long _reported = -1;
    private long _reportedAt;

    public async Task ReportAsync(IDatabase redis, CancellationToken cancellationToken)
    {
        var sequence = applied.Value;
        if (sequence == _reported && time.GetElapsedTime(_reportedAt) < Every)
        {
            return;
        }

        var receipt = new RevocationReceipt(sequence, time.GetUtcNow(), options.CurrentValue.UnknownAfter).Format();
        await Task.WhenAll(
            redis.HashSetAsync(RevocationStream.ReceiptsKey, gateway.Id, receipt),
            redis.PublishAsync(RevocationStream.ReceiptsChannel, gateway.Id)).WaitAsync(Limit, cancellationToken);
        _reported = sequence;
        _reportedAt = time.GetTimestamp();
    }

    /// <summary>Leaves, so that nobody waits for this gateway's receipts.</summary>
    public Task WithdrawAsync(IDatabase redis, CancellationToken cancellationToken) =>
        redis.HashDeleteAsync(RevocationStream.ReceiptsKey, gateway.Id).WaitAsync(Limit, cancellationToken);
}
