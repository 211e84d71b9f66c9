using System.Security.Cryptography;
using IdentityService.Operation;
using Microsoft.AspNetCore.Identity;

namespace IdentityService.Accounts;

/// <summary>
/// ASP.NET Core Identity's PBKDF2-HMAC-SHA512, as many at once as there are processors: a storm of sign-ins then queues
/// up here instead of starving everything else of threads.
/// </summary>
internal sealed class PasswordHashing(IPasswordHasher<User> hasher) : IDisposable
{
    /// <summary>OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA512.</summary>
    public const int Rounds = 210_000;

    // The hasher of the framework looks at no property of the user.
    private static readonly User Nobody = new();

    private readonly SemaphoreSlim _turns = new(Environment.ProcessorCount);
    private readonly Lazy<string> _unmatched = new(() =>
        hasher.HashPassword(Nobody, Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));

    /// <summary>Hashes a new password.</summary>
    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        InTurnAsync(() => hasher.HashPassword(Nobody, password), cancellationToken);

    /// <summary>
    /// Checks a password. With no hash to check against (unknown user, no password set) it does the same work and fails,
    /// so that the time it takes tells nothing.
    /// </summary>
    public Task<PasswordVerificationResult> VerifyAsync(string? hash, string password, CancellationToken cancellationToken) =>
        InTurnAsync(
            () =>
            {
                var result = hasher.VerifyHashedPassword(Nobody, hash ?? _unmatched.Value, password);
                return hash is null ? PasswordVerificationResult.Failed : result;
            },
            cancellationToken);

    public void Dispose() => _turns.Dispose();

    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        using var activity = IdentityMetrics.Source.StartActivity("password hash");
        await _turns.WaitAsync(cancellationToken);
        try
        {
            return work();
        }
        finally
        {
            _turns.Release();
        }
    }
}
