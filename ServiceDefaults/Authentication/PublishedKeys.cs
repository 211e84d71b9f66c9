using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The issuer's published key set, kept in memory. Read at start, every few minutes, and when a token names an unknown
/// key. A key counts as unknown only by a read begun after it was asked for: the set in memory may be from before a
/// rollover, and a good token must not be refused for that. All requests that wait share one read, and there is a least
/// pause between two. Keys that were read once stay good while the issuer is away.
/// </summary>
internal sealed partial class PublishedKeys(
    IHttpClientFactory clients,
    IOptions<AuthenticationOptions> options,
    TimeProvider time,
    ILogger<PublishedKeys> logger) : BackgroundService, IVerificationKeys
{
    public const string Client = "identity-keys";

    private readonly Lock _gate = new();
    private FrozenDictionary<string, VerificationKey>? _keys;
    private Task<bool> _lastRead = Task.FromResult(false);
    private Task<bool>? _nextRead;
    private long? _readAt;

    public async ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        if (_keys is { } known && known.TryGetValue(keyId, out var key))
        {
            return key;
        }

        var read = await ReadOnceAsync().WaitAsync(cancellationToken);
        return read && _keys is { } keys
            ? keys.GetValueOrDefault(keyId)
            : throw new KeysUnavailableException("The identity service's keys could not be read.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await ((Task)ReadOnceAsync().WaitAsync(stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var pause = _keys is null ? TimeSpan.FromSeconds(1) : options.Value.KeyRefresh;
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The next read that has not begun yet, whoever asked for it first. True when it succeeded.</summary>
    private Task<bool> ReadOnceAsync()
    {
        lock (_gate)
        {
            return _nextRead ??= Task.Run(ReadInTurnAsync);
        }
    }

    private async Task<bool> ReadInTurnAsync()
    {
        await _lastRead;
        var pause = _keys is null ? TimeSpan.FromMilliseconds(100) : options.Value.UnknownKeyPause;
        if (_readAt is { } readAt && pause - time.GetElapsedTime(readAt) is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest, time);
        }

        lock (_gate)
        {
            // From here on a question needs another read: this one may not see what happens next.
            _readAt = time.GetTimestamp();
            _lastRead = _nextRead!;
            _nextRead = null;
        }

        return await ReadAsync();
    }

    private async Task<bool> ReadAsync()
    {
        try
        {
            using var client = clients.CreateClient(Client);
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            await using var body = await client.GetStreamAsync(options.Value.KeySetAddress, deadline.Token);
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: deadline.Token);
            var keys = Read(document.RootElement);
            if (keys.Count == 0)
            {
                // An issuer without keys cannot be; the tokens that are out are not refused for its mistake.
                LogReadFailed(logger, options.Value.KeySetAddress, "it has no usable key.");
                return false;
            }

            _keys = keys;
            return true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Whatever went wrong, the keys in memory stay; for others nothing can be said, and callers answer 503.
            LogReadFailed(logger, options.Value.KeySetAddress, fault.Message);
            return false;
        }
    }

    private FrozenDictionary<string, VerificationKey> Read(JsonElement set)
    {
        Dictionary<string, VerificationKey> keys = new(StringComparer.Ordinal);
        foreach (var jwk in set.GetProperty("keys").EnumerateArray())
        {
            try
            {
                if (VerificationKey.FromJwk(jwk) is { } key)
                {
                    keys[key.KeyId] = key;
                }
            }
            catch (Exception fault) when (fault is CryptographicException or FormatException)
            {
                LogUnusableKey(logger, fault.Message);
            }
        }

        return keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [LoggerMessage(1, LogLevel.Warning, "The key set at {Address} could not be read: {Reason}")]
    private static partial void LogReadFailed(ILogger logger, Uri address, string reason);

    [LoggerMessage(2, LogLevel.Warning, "A published key cannot be used: {Reason}")]
    private static partial void LogUnusableKey(ILogger logger, string reason);
}
