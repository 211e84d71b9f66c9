using IdentityService.Data;
using IdentityService.Operation;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.AccountMail;

/// <summary>What came of a verification.</summary>
internal enum EmailVerificationResult
{
    /// <summary>The account has that address, proved.</summary>
    Verified,

    /// <summary>The token is unknown, expired or used.</summary>
    InvalidToken,

    /// <summary>Another account has proved the address before.</summary>
    Taken,
}

/// <summary>Takes over the address that a link was mailed to; the former one, if it is another, is told.</summary>
internal sealed class EmailVerification(IdentityDb database, AccountLinks links, AddressProof proof, Caller caller)
{
    public async Task<EmailVerificationResult> ApplyAsync(string? token, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await links.TakeAsync(token, AccountLinkPurpose.Email, cancellationToken) is not var (link, user))
        {
            return EmailVerificationResult.InvalidToken;
        }

        var former = user.Email!;
        if (!await proof.TryAsync(user, link.Email, cancellationToken))
        {
            return EmailVerificationResult.Taken;
        }

        var actor = new Actor(ActorKind.User, user.Id.ToString(), user.UserName);
        if (!string.Equals(former, link.Email, StringComparison.Ordinal))
        {
            database.AddEvent(
                new EmailChanged(caller.Envelope(actor, user.TenantId), user.Id, user.UserName!, former, link.Email), user.Id);
        }

        database.AddAudit(
            caller.Envelope(actor, user.TenantId),
            former == link.Email ? "user.email_verified" : "user.email_changed",
            "user",
            user.Id.ToString(),
            severity: AuditSeverity.Notice,
            before: new { email = former },
            after: new { email = link.Email });
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return EmailVerificationResult.Verified;
    }
}
