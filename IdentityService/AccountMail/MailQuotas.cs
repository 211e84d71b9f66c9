using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.AccountMail;

/// <summary>
/// Bounds the mails that others can cause for somebody. Counting and noting the wish are one statement, the same one for
/// an address that has an account and for one that has none.
/// </summary>
internal sealed class MailQuotas(IdentityDb database, IOptions<AccountMailOptions> options, Caller caller, TimeProvider time)
{
    // Parameters 0 to 3: key, now, from when a count is forgotten, how many are allowed.
    private const string Counting =
        """
        INSERT INTO mail_quotas AS known (key, asked, began_at) VALUES ({0}, 1, {1})
        ON CONFLICT (key) DO UPDATE SET
            asked = CASE WHEN known.began_at < {2} THEN 1 ELSE known.asked + 1 END,
            began_at = CASE WHEN known.began_at < {2} THEN {1} ELSE known.began_at END
        RETURNING asked <= {3} AS "Value"
        """;

    private const string Noting =
        $$"""
        WITH counted (allowed) AS ({{Counting}})
        INSERT INTO mail_requests (kind, normalized_email, address, user_agent, trace_id, requested_at)
        SELECT {4}, {5}, {6}, {7}, {8}, {1} FROM counted WHERE allowed
        """;

    /// <summary>Notes a wish, unless there were too many; the one who asks is told the same.</summary>
    public Task NoteAsync(MailRequestKind kind, string normalizedEmail, CancellationToken cancellationToken) =>
        database.Database.ExecuteSqlRawAsync(
            Noting,
            [
                .. CountOf(KeyOf(kind == MailRequestKind.PasswordReset ? "reset" : "verify", normalizedEmail)),
                kind.ToString(), normalizedEmail, caller.Address!, caller.UserAgent!, Activity.Current?.TraceId.ToHexString()!,
            ],
            cancellationToken);

    /// <summary>Counts a mail that an account asks for; false when it were too many.</summary>
    public Task<bool> TakeAsync(Guid userId, CancellationToken cancellationToken) => TakeKeyAsync($"user:{userId}", cancellationToken);

    /// <summary>Counts an account that names an address, opened with it or changed to it; false when it were too many.</summary>
    public Task<bool> TakeAsync(string normalizedEmail, CancellationToken cancellationToken) =>
        TakeKeyAsync(KeyOf("name", normalizedEmail), cancellationToken);

    private async Task<bool> TakeKeyAsync(string key, CancellationToken cancellationToken) =>
        (await database.Database.SqlQueryRaw<bool>(Counting, CountOf(key)).ToListAsync(cancellationToken))[0];

    private object[] CountOf(string key)
    {
        var now = time.GetUtcNow();
        return [key, now, now - options.Value.QuotaWindow, options.Value.MostPerAddress];
    }

    // Hashed: it need not be kept who was asked about.
    private static string KeyOf(string purpose, string normalizedEmail) =>
        $"{purpose}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(normalizedEmail)))}";
}
