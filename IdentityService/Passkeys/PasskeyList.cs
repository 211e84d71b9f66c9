using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Passkeys;

/// <summary>A passkey, for its owner.</summary>
/// <param name="Id">The credential's id.</param>
/// <param name="Name">The owner's name for it.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="Synced">Whether it may be on several devices.</param>
public sealed record PasskeyView(string Id, string Name, DateTimeOffset CreatedAt, bool Synced)
{
    internal static PasskeyView Of(IdentityUserPasskey<Guid> passkey) =>
        new(CredentialId.Write(passkey.CredentialId), passkey.Data.Name ?? "", passkey.Data.CreatedAt, passkey.Data.IsBackupEligible);
}

/// <summary>Users' passkeys in the database. Every use case names its user, so nobody reaches another's.</summary>
internal sealed class PasskeyList(IdentityDb database)
{
    /// <summary>Of one user.</summary>
    public const int Most = 20;

    public const int LongestName = 64;

    /// <summary>Oldest first.</summary>
    public async Task<IReadOnlyList<PasskeyView>> OfAsync(Guid userId, CancellationToken cancellationToken)
    {
        var rows = await database.UserPasskeys.AsNoTracking().Where(row => row.UserId == userId).ToListAsync(cancellationToken);
        return [.. rows.Select(PasskeyView.Of).OrderBy(view => view.CreatedAt)];
    }

    public async Task<bool> IsFullAsync(Guid userId, CancellationToken cancellationToken) =>
        await database.UserPasskeys.CountAsync(row => row.UserId == userId, cancellationToken) >= Most;

    public async Task<IdentityUserPasskey<Guid>?> FindAsync(Guid userId, string id, CancellationToken cancellationToken) =>
        CredentialId.Read(id) is { } octets
            ? await database.UserPasskeys.SingleOrDefaultAsync(row => row.UserId == userId && row.CredentialId == octets, cancellationToken)
            : null;

    /// <summary>Adds one with its record; false when the challenge was used before, or somebody has the passkey already.</summary>
    public async Task<bool> AddAsync(User user, UserPasskeyInfo passkey, string name, EventEnvelope cause, CancellationToken cancellationToken)
    {
        database.UserPasskeys.Add(new IdentityUserPasskey<Guid>
        {
            UserId = user.Id,
            CredentialId = passkey.CredentialId,
            Data = new IdentityPasskeyData
            {
                Name = name,
                PublicKey = passkey.PublicKey,
                CreatedAt = passkey.CreatedAt.ToUniversalTime(),
                SignCount = passkey.SignCount,
                Transports = passkey.Transports,
                IsUserVerified = passkey.IsUserVerified,
                IsBackupEligible = passkey.IsBackupEligible,
                IsBackedUp = passkey.IsBackedUp,
                AttestationObject = passkey.AttestationObject,
                ClientDataJson = passkey.ClientDataJson,
            },
        });
        Audit("passkey.registered", user.Id, cause, passkey.CredentialId, name);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (Challenges.IsUsed(fault) || UniqueViolation.Of(fault, SecondFactorMapping.PasskeyKey))
        {
            return false;
        }
    }

    /// <summary>Removes one with its record.</summary>
    public async Task RemoveAsync(IdentityUserPasskey<Guid> passkey, EventEnvelope cause, CancellationToken cancellationToken)
    {
        Audit("passkey.removed", passkey.UserId, cause, passkey.CredentialId, passkey.Data.Name ?? "");
        database.UserPasskeys.Remove(passkey);
        await database.SaveChangesAsync(cancellationToken);
    }

    private void Audit(string action, Guid userId, EventEnvelope cause, byte[] credential, string name) => database.AddAudit(
        cause, action, "user", userId.ToString(), severity: AuditSeverity.Notice,
        detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["credentialId"] = CredentialId.Write(credential), ["name"] = name });
}
