using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AuditService.Evidence;

/// <summary>
/// The key that the log signs its checkpoints with: of the configuration, or generated once and kept in the database
/// under AES-256-GCM, so that the database alone cannot sign.
/// </summary>
internal sealed class LogKey(NpgsqlDataSource database, IOptions<EvidenceOptions> options, TimeProvider time) : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private NoteKey? _key;

    /// <summary>The key, once the service has started.</summary>
    /// <exception cref="InvalidOperationException">Not yet.</exception>
    public NoteKey Value => _key ?? throw new InvalidOperationException("The log's key is read when the service starts.");

    /// <summary>Reads the key, or makes it.</summary>
    /// <exception cref="CryptographicException">Another encryption key protects the stored one.</exception>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var secret = settings.SigningKey is { } configured
            ? Convert.FromBase64String(configured)
            : await StoredAsync(settings, cancellationToken);
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(secret, out _);
        CryptographicOperations.ZeroMemory(secret);
        _key = new NoteKey(settings.Origin, key);
    }

    public void Dispose() => _key?.Dispose();

    // Two replicas may both make one; the row that was first is everybody's.
    private async Task<byte[]> StoredAsync(EvidenceOptions settings, CancellationToken cancellationToken)
    {
        using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var insert = database.CreateCommand(
            "INSERT INTO audit_keys (id, public_key, private_key, created_at) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING");
        insert.Parameters.Add(new() { Value = fresh.ExportSubjectPublicKeyInfo() });
        insert.Parameters.Add(new() { Value = Protect(fresh.ExportPkcs8PrivateKey(), settings) });
        insert.Parameters.Add(new() { Value = time.GetUtcNow() });
        await insert.ExecuteNonQueryAsync(cancellationToken);

        await using var select = database.CreateCommand("SELECT private_key FROM audit_keys");
        return Unprotect((byte[])(await select.ExecuteScalarAsync(cancellationToken))!, settings);
    }

    private static byte[] Protect(byte[] secret, EvidenceOptions settings)
    {
        var stored = new byte[NonceSize + TagSize + secret.Length];
        RandomNumberGenerator.Fill(stored.AsSpan(0, NonceSize));
        using var cipher = new AesGcm(settings.StorageKey(), TagSize);
        cipher.Encrypt(
            stored.AsSpan(0, NonceSize), secret, stored.AsSpan(NonceSize + TagSize), stored.AsSpan(NonceSize, TagSize), Owner(settings));
        CryptographicOperations.ZeroMemory(secret);
        return stored;
    }

    private static byte[] Unprotect(byte[] stored, EvidenceOptions settings)
    {
        var secret = new byte[stored.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(settings.StorageKey(), TagSize);
        try
        {
            cipher.Decrypt(
                stored.AsSpan(0, NonceSize), stored.AsSpan(NonceSize + TagSize), stored.AsSpan(NonceSize, TagSize), secret, Owner(settings));
            return secret;
        }
        catch (CryptographicException fault)
        {
            throw new CryptographicException(
                "Evidence:EncryptionKey or Evidence:Origin is not the one that the log's signing key was stored with. Set the former value.", fault);
        }
    }

    private static byte[] Owner(EvidenceOptions settings) => Encoding.UTF8.GetBytes(settings.Origin);
}
