using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The issuer's published key set, kept in memory. Read at start, every few minutes, and when a token names an unknown
/// key: all requests that wait for that share one read, and there is a least pause between two. Keys that were read once
/// stay good while the issuer is away.
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
    private Task? _reading;
    private long _lastRead;

    public async ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        if (_keys is { } known && known.TryGetValue(keyId, out var key))
        {
            return key;
        }

        await ReadOnceAsync().WaitAsync(cancellationToken);
        var keys = _keys ?? throw new KeysUnavailableException("The identity service's keys could not be read yet.");
        return keys.GetValueOrDefault(keyId);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await ReadOnceAsync().WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var pause = _keys is null ? TimeSpan.FromSeconds(1) : options.Value.KeyRefresh;
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The read under way, a new one, or nothing while the pause after the last one lasts.</summary>
    private Task ReadOnceAsync()
    {
        lock (_gate)
        {
            if (_reading is { IsCompleted: false } underWay)
            {
                return underWay;
            }

            if (_keys is not null && time.GetElapsedTime(_lastRead) < options.Value.UnknownKeyPause)
            {
                return Task.CompletedTask;
            }

            _lastRead = time.GetTimestamp();
            return _reading = Task.Run(ReadAsync);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using var client = clients.CreateClient(Client);
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            await using var body = await client.GetStreamAsync(options.Value.KeySetAddress, deadline.Token);
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: deadline.Token);
            _keys = Read(document.RootElement);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // Whatever went wrong, the keys in memory stay; with none, callers answer 503.
            LogReadFailed(logger, options.Value.KeySetAddress, fault.Message);
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
