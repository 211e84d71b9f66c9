using IdentityService.Keys;
using ServiceDefaults.Idempotency;

namespace IdentityService.Secrets;

/// <summary>
/// Answers that are kept for repetitions hold API keys and clients' secrets, and are sealed with a key that the client
/// chose: where it chose one that can be guessed, the service's own key still protects them.
/// </summary>
internal sealed class AnswerProtection(KeyEncryption encryption) : IAnswerProtection
{
    public static string OwnerOf(string row) => $"idempotency:{row}";

    public byte[] Protect(byte[] answer, Guid row) => encryption.Protect(answer, OwnerOf(row.ToString()));

    public byte[] Unprotect(byte[] stored, Guid row) => encryption.Unprotect(stored, OwnerOf(row.ToString()));
}
