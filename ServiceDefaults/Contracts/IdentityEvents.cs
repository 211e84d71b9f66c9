using System.Text.Json.Serialization;

namespace ServiceDefaults.Contracts;

/// <summary>An account was made.</summary>
public sealed record UserRegistered(EventEnvelope Envelope, Guid UserId, string UserName, string Email) : IIntegrationEvent;

/// <summary>The password of an account was changed by its owner or reset.</summary>
public sealed record PasswordChanged(EventEnvelope Envelope, Guid UserId, string UserName, string Email) : IIntegrationEvent;

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
