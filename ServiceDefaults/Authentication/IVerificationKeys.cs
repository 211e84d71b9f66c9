namespace ServiceDefaults.Authentication;

/// <summary>
/// Where verification keys come from: the identity service's published set everywhere, its own store inside it.
/// </summary>
public interface IVerificationKeys
{
    /// <summary>The key of that id; null when the issuer has none of the name.</summary>
    /// <exception cref="KeysUnavailableException">The key is not known and the key set can't be read now, so nothing can be said.</exception>
    ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken);
}

/// <summary>
/// The issuer's keys can't be read now and those read before don't have the one in question. The caller answers 503, never 401: the token may be
/// good.
/// </summary>
public sealed class KeysUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
