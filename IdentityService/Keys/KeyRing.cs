using System.Collections.Frozen;
using System.Security.Cryptography;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Keys;

/// <summary>
/// The signing keys in memory: one of each algorithm signs, the others verify what may still live or are published ahead
/// of their time. Read at start, every few seconds by <see cref="KeyRotation"/>, and when a token names an unknown key.
/// </summary>
internal sealed class KeyRing(IServiceScopeFactory scopes, KeyEncryption encryption, TimeProvider time) : IVerificationKeys
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _reading = new(1);
    private volatile Contents? _contents;
    private long _lastRead;

    /// <summary>What is published.</summary>
    public JsonWebKeySet Published => Current.Published;

    private Contents Current => _contents ?? throw NoKeys();

    /// <summary>
    /// The key of that algorithm that signs now; while there is none yet, since the algorithm was configured just now,
    /// the one of another.
    /// </summary>
    /// <exception cref="KeysUnavailableException">The keys have not been read yet.</exception>
    public Signer SigningBy(string algorithm)
    {
        // In order of activation, so the last one that has begun; by its own clock, not by when the ring was read.
        var (signers, now) = (Current.Signers, time.GetUtcNow());
        return Array.FindLast(signers, signer => signer.Algorithm == algorithm && signer.Key.StateAt(now) == SigningKeyState.Active)
            ?? Array.FindLast(signers, signer => signer.Key.StateAt(now) == SigningKeyState.Active)
            ?? Array.FindLast(signers, signer => signer.Key.ActivatesAt <= now)
            ?? throw NoKeys();
    }

    /// <inheritdoc />
    public async ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        if (Current.ById.TryGetValue(keyId, out var signer))
        {
            return signer.Verification;
        }

        // Another replica may have made it; an invented id costs one read every other second at most.
        if (time.GetElapsedTime(Interlocked.Read(ref _lastRead)) < LeastPause)
        {
            return null;
        }

        await ReadAsync(cancellationToken);
        return Current.ById.GetValueOrDefault(keyId)?.Verification;
    }

    /// <summary>Reads the keys from the database.</summary>
    /// <exception cref="OptionsValidationException">A stored key was encrypted with another <c>Keys:EncryptionKey</c>.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            Interlocked.Exchange(ref _lastRead, time.GetTimestamp());
            await using var scope = scopes.CreateAsyncScope();
            var keys = await scope.ServiceProvider.GetRequiredService<IdentityDb>().SigningKeys.AsNoTracking()
                .OrderBy(key => key.ActivatesAt).ThenBy(key => key.KeyId)
                .ToListAsync(cancellationToken);
            var now = time.GetUtcNow();
            _contents = new Contents([.. keys.Where(key => key.StateAt(now) != SigningKeyState.Expired).Select(Open)]);
        }
        finally
        {
            _reading.Release();
        }
    }

    private static KeysUnavailableException NoKeys() => new("The signing keys have not been read yet.");

    // A key already open keeps its pool, unless its plans have changed.
    private Signer Open(SigningKey key)
    {
        if (_contents?.ById.GetValueOrDefault(key.KeyId) is { } open)
        {
            return open.Key.ActivatesAt == key.ActivatesAt && open.Key.RetiresAt == key.RetiresAt ? open : open.With(key);
        }

        try
        {
            return Signer.Open(key, encryption);
        }
        catch (CryptographicException)
        {
            throw new OptionsValidationException(
                "Keys", typeof(KeyOptions),
                ["Keys:EncryptionKey: it is not the one that the signing keys in the database were encrypted with. Set the former one, or name it in Keys:FormerEncryptionKeys."]);
        }
    }

    private sealed class Contents(Signer[] signers)
    {
        public Signer[] Signers { get; } = signers;

        public FrozenDictionary<string, Signer> ById { get; } = signers.ToFrozenDictionary(signer => signer.KeyId, StringComparer.Ordinal);

        public JsonWebKeySet Published { get; } = JsonWebKeySet.Of(signers.Select(signer => signer.Key));
    }
}
