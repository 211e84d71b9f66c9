namespace NotificationService.Delivery;

/// <summary>How an attempt ended.</summary>
/// <param name="Kind">What follows from it.</param>
/// <param name="Code">The SMTP reply code, where the server gave one.</param>
/// <param name="Reason">Null when sent.</param>
internal sealed record MailOutcome(MailOutcomeKind Kind, int? Code, string? Reason)
{
    public static readonly MailOutcome Sent = new(MailOutcomeKind.Sent, 250, null);

    public static MailOutcome Temporary(string reason, int? code = null) => new(MailOutcomeKind.Temporary, code, reason);

    public static MailOutcome Permanent(string reason, int? code = null) => new(MailOutcomeKind.Permanent, code, reason);
}

/// <summary>Kinds of <see cref="MailOutcome"/>.</summary>
internal enum MailOutcomeKind
{
    /// <summary>The next server has taken it over.</summary>
    Sent,

    /// <summary>It may work later.</summary>
    Temporary,

    /// <summary>It never will.</summary>
    Permanent,
}
