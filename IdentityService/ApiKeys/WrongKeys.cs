using System.Net;
using System.Threading.RateLimiting;
using IdentityService.Operation;
using Microsoft.Extensions.Options;

namespace IdentityService.ApiKeys;

/// <summary>
/// Counts wrong keys by address, in the memory of this process: 32 random bytes can't be guessed, so this keeps away load,
/// not luck. Right keys are never held up, or one could lock out a neighbour behind the same address.
/// </summary>
internal sealed class WrongKeys(IOptions<ApiKeyOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> _limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        address => RateLimitPartition.GetFixedWindowLimiter(ClientNetwork.Of(address), _ => new FixedWindowRateLimiterOptions
        {
            PermitLimit = options.Value.WrongKeysPerMinute,
            Window = TimeSpan.FromMinutes(1),
        }));

    /// <summary>Counts one; the time to wait when there were too many.</summary>
    public TimeSpan? Count(IPAddress? address)
    {
        using var lease = _limiter.AttemptAcquire(address ?? IPAddress.None);
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromMinutes(1);
    }

    public void Dispose() => _limiter.Dispose();
}
