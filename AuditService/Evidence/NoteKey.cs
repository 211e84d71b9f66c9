using System.Security.Cryptography;

namespace AuditService.Evidence;

/// <summary>
/// A key of C2SP signed-note with signature type 0x02: ECDSA on P-256 with SHA-256, ASN.1 DER. Ed25519, which the
/// specification prefers, is not in .NET 10.
/// </summary>
internal sealed class NoteKey : IDisposable
{
    private const byte EcdsaType = 2;

    private readonly ECDsa _key;
    private readonly byte[] _spki;

    public NoteKey(string name, ECDsa key)
    {
        Name = name;
        _key = key;
        _spki = key.ExportSubjectPublicKeyInfo();
        Id = SHA256.HashData(_spki)[..4];
    }

    /// <summary>Name of the log that signs.</summary>
    public string Name { get; }

    /// <summary>First octets of the hash of the public key.</summary>
    public byte[] Id { get; }

    /// <summary>The verification key as text: name, id, type and public key.</summary>
    public string Text => $"{Name}+{Convert.ToHexStringLower(Id)}+{Convert.ToBase64String([EcdsaType, .. _spki])}";

    /// <summary>Reads what <see cref="Text"/> gave.</summary>
    /// <exception cref="FormatException">It is no verification key of this type.</exception>
    public static NoteKey Parse(string text)
    {
        var parts = text.Trim().Split('+', 3);
        if (parts.Length != 3 || parts[0].Length == 0 || Convert.FromBase64String(parts[2]) is not [EcdsaType, .. var spki])
        {
            throw new FormatException("It is no verification key of ECDSA: name+id+key.");
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out _);
        }
        catch (CryptographicException fault)
        {
            key.Dispose();
            throw new FormatException("The verification key has no readable public key.", fault);
        }

        var parsed = new NoteKey(parts[0], key);
        return Convert.ToHexStringLower(parsed.Id) == parts[1] ? parsed : throw new FormatException("The verification key's id is not its own.");
    }

    public byte[] Sign(ReadOnlySpan<byte> text) =>
        _key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        _key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => _key.Dispose();
}
