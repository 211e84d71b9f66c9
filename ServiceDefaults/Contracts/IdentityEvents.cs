using System.Text.Json.Serialization;

namespace ServiceDefaults.Contracts;

/// <summary>An account was made.</summary>
public sealed record UserRegistered(EventEnvelope Envelope, Guid UserId, string UserName, string Email) : IIntegrationEvent;

/// <summary>The password of an account was changed by its owner or reset.</summary>
public sealed record PasswordChanged(EventEnvelope Envelope, Guid UserId, string UserName, string Email) : IIntegrationEvent;

/// <summary>An account is to be mailed a link by which its owner proves to be the reader of that address.</summary>
/// <param name="Envelope">Who and when.</param>
/// <param name="Kind">What the mail is about.</param>
/// <param name="UserId">The account.</param>
/// <param name="UserName">Its name.</param>
/// <param name="Email">Where the link goes, and nowhere else.</param>
/// <param name="SealedLink">The link, encrypted by <see cref="Messaging.EventSeal"/> for <paramref name="UserId"/>: its token is a secret.</param>
/// <param name="ExpiresAt">UTC; of no use from then on.</param>
public sealed record AccountLinkIssued(
    EventEnvelope Envelope,
    AccountLinkKind Kind,
    Guid UserId,
    string UserName,
    string Email,
    string SealedLink,
    DateTimeOffset ExpiresAt) : IIntegrationEvent;

/// <summary>What a mail with a link is about.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AccountLinkKind>))]
public enum AccountLinkKind
{
    /// <summary>A new account proves its address.</summary>
    VerifyEmail,

    /// <summary>An account proves an address that is to take the place of its own.</summary>
    ChangeEmail,

    /// <summary>Somebody has asked for a new password.</summary>
    ResetPassword,

    /// <summary>The password no longer lets in: an administrator or the password rules have ended it.</summary>
    ReplacePassword,

    /// <summary>An administrator has made the account; it has no password yet.</summary>
    Invitation,
}

/// <summary>An account has another address; the former one is told.</summary>
public sealed record EmailChanged(
    EventEnvelope Envelope, Guid UserId, string UserName, string FormerEmail, string Email) : IIntegrationEvent;

/// <summary>An account is kept from signing in; its sessions have ended.</summary>
[OptionalConsumer]
public sealed record UserDisabled(EventEnvelope Envelope, Guid UserId) : IIntegrationEvent;

/// <summary>An account may sign in again.</summary>
[OptionalConsumer]
public sealed record UserEnabled(EventEnvelope Envelope, Guid UserId) : IIntegrationEvent;

/// <summary>An account is gone with all that was the person's; every service erases what it has of them.</summary>
public sealed record UserDeleted(EventEnvelope Envelope, Guid UserId) : IIntegrationEvent;

/// <summary>An organisation is kept out: its people, devices and applications; what they held has ended.</summary>
[OptionalConsumer]
public sealed record TenantDisabled(EventEnvelope Envelope, Guid DisabledTenantId) : IIntegrationEvent;

/// <summary>An organisation is let in again.</summary>
[OptionalConsumer]
public sealed record TenantEnabled(EventEnvelope Envelope, Guid EnabledTenantId) : IIntegrationEvent;

/// <summary>A session or token was ended before its time; gateways refuse it from now on.</summary>
/// <param name="Envelope">Who and when.</param>
/// <param name="Sequence">Position in the identity service's list of revocations, growing by one.</param>
/// <param name="Kind">What <paramref name="Value"/> names.</param>
/// <param name="Value">The id: <c>jti</c>, <c>sid</c>, subject, client or tenant; empty for a global cut-off. Never a token.</param>
/// <param name="Epoch">For subjects, clients and tenants: tokens with a smaller epoch are refused. Epochs count per subject, so for clients and tenants a cut-off says more.</param>
/// <param name="Cutoff">For the global kind always, for subjects, clients and tenants where set: tokens issued before this instant are refused. With neither epoch nor cut-off, none of their tokens is good.</param>
/// <param name="ExpiresAt">When the entry can be forgotten: no token it covers lives longer.</param>
public sealed record RevocationIssued(
    EventEnvelope Envelope,
    long Sequence,
    RevocationKind Kind,
    string Value,
    long? Epoch,
    DateTimeOffset? Cutoff,
    DateTimeOffset ExpiresAt) : IIntegrationEvent;

/// <summary>What a revocation names.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RevocationKind>))]
public enum RevocationKind
{
    Token,
    Session,
    Subject,
    Client,
    Tenant,
    Global,

    /// <summary>A signing key, by its <c>kid</c>: every token that it signed.</summary>
    Key,
}
