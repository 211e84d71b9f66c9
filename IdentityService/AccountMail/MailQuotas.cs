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
    /// <summary>Notes a wish, unless there were too many; the one who asks is told the same.</summary>
    public Task NoteAsync(MailRequestKind kind, string normalizedEmail, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = KeyOf(kind == MailRequestKind.PasswordReset ? "reset" : "verify", normalizedEmail);
        return database.Database.ExecuteSqlAsync(
            $"""
            WITH counted AS (
                INSERT INTO mail_quotas AS known (key, asked, began_at) VALUES ({key}, 1, {now})
                ON CONFLICT (key) DO UPDATE SET
                    asked = CASE WHEN known.began_at < {Forgotten(now)} THEN 1 ELSE known.asked + 1 END,
                    began_at = CASE WHEN known.began_at < {Forgotten(now)} THEN {now} ELSE known.began_at END
                RETURNING asked)
            INSERT INTO mail_requests (kind, normalized_email, address, user_agent, trace_id, requested_at)
            SELECT {kind.ToString()}, {normalizedEmail}, {caller.Address}, {caller.UserAgent},
                {System.Diagnostics.Activity.Current?.TraceId.ToHexString()}, {now}
            FROM counted WHERE asked <= {options.Value.MostPerAddress}
            """,
            cancellationToken);
    }

    /// <summary>Counts a mail that an account asks for; false when it were too many.</summary>
    public Task<bool> TakeAsync(Guid userId, CancellationToken cancellationToken) => TakeKeyAsync($"user:{userId}", cancellationToken);

    /// <summary>Counts an account that names an address, opened with it or changed to it; false when it were too many.</summary>
    public Task<bool> TakeAsync(string normalizedEmail, CancellationToken cancellationToken) =>
        TakeKeyAsync(KeyOf("name", normalizedEmail), cancellationToken);

    private async Task<bool> TakeKeyAsync(string key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var asked = await database.Database.SqlQuery<int>(
            $"""
            INSERT INTO mail_quotas AS known (key, asked, began_at) VALUES ({key}, 1, {now})
            ON CONFLICT (key) DO UPDATE SET
                asked = CASE WHEN known.began_at < {Forgotten(now)} THEN 1 ELSE known.asked + 1 END,
                began_at = CASE WHEN known.began_at < {Forgotten(now)} THEN {now} ELSE known.began_at END
            RETURNING asked
            """).ToListAsync(cancellationToken);
        return asked[0] <= options.Value.MostPerAddress;
    }

    // Hashed: it need not be kept who was asked about.
    private static string KeyOf(string purpose, string normalizedEmail) =>
        $"{purpose}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(normalizedEmail)))}";

    private DateTimeOffset Forgotten(DateTimeOffset now) => now - options.Value.QuotaWindow;
}
