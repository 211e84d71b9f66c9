namespace IdentityService.AccountMail;

/// <summary>What somebody who is not signed in asks to be mailed.</summary>
internal enum MailRequestKind
{
    Verification,
    PasswordReset,
}

/// <summary>
/// A wish for a mail to an address, noted without looking whether an account has it. Who asks can't learn it from the
/// answer or from the time it takes: the looking is done afterwards, by <see cref="MailRequestRunner"/>.
/// </summary>
internal sealed class MailRequest
{
    public long Id { get; init; }

    public MailRequestKind Kind { get; init; }

    public string NormalizedEmail { get; init; } = "";

    /// <summary>Who asked, for the audit log.</summary>
    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? TraceId { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset RequestedAt { get; init; }
}

/// <summary>Mails asked for within a while, for one address or one account.</summary>
internal sealed class MailQuota
{
    public string Key { get; init; } = "";

    public int Asked { get; init; }

    /// <summary>UTC; of the first of them.</summary>
    public DateTimeOffset BeganAt { get; init; }
}
