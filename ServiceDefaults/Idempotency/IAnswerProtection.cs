using System.Security.Cryptography;

namespace ServiceDefaults.Idempotency;

/// <summary>A second seal around stored answers, with a key of the service's own, where it has one.</summary>
public interface IAnswerProtection
{
    /// <summary>Encrypts, bound to the row.</summary>
    byte[] Protect(byte[] answer, Guid row);

    /// <summary>Decrypts.</summary>
    /// <exception cref="CryptographicException">The key is not configured any more, or the answer was changed.</exception>
    byte[] Unprotect(byte[] stored, Guid row);
}
