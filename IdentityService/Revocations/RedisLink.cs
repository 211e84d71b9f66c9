using StackExchange.Redis;

namespace IdentityService.Revocations;

/// <summary>
/// Redis, connected in the background: making the connection blocks while Redis is away, and no request and no start may
/// wait for that.
/// </summary>
internal sealed class RedisLink(IServiceProvider services)
{
    private readonly Lock _gate = new();
    private Task<IConnectionMultiplexer>? _connecting;

    /// <summary>The connection, awaited.</summary>
    public Task<IConnectionMultiplexer> ConnectAsync()
    {
        lock (_gate)
        {
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _connecting = Task.Run(services.GetRequiredService<IConnectionMultiplexer>);
            }

            return _connecting;
        }
    }

    /// <summary>The connection if it is up right now.</summary>
    public async ValueTask<IConnectionMultiplexer?> TryGetAsync()
    {
        var connecting = ConnectAsync();
        return connecting.IsCompletedSuccessfully && await connecting is { IsConnected: true } redis ? redis : null;
    }
}
