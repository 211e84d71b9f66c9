using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.ApiKeys;

/// <summary>Ends all API keys of an account, where somebody else may have made one.</summary>
internal sealed class ApiKeyEnding(IdentityDb database, TimeProvider time)
{
    /// <summary>
    /// Within the open transaction of what ends the account's tokens, those that its keys were exchanged for as well. The
    /// records leave with the next save.
    /// </summary>
    public async Task EndAllAsync(User user, EventEnvelope cause, string reason, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        var keys = await database.ApiKeys
            .FromSql($"SELECT * FROM api_keys WHERE user_id = {user.Id} AND revoked_at IS NULL ORDER BY id FOR UPDATE")
            .IgnoreQueryFilters().ToListAsync(cancellationToken);
        foreach (var key in keys.Where(key => key.Revoke(now)))
        {
            database.AddAudit(
                cause with { Id = Guid.CreateVersion7(now) }, "api_key.revoked", "api_key", key.Id.ToString(), severity: AuditSeverity.Notice,
                detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
        }
    }
}
