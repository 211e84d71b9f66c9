namespace ServiceDefaults.Contracts;

/// <summary>
/// The audit log lacks requests that a gateway says there were, after the time that late ones are given. Told once for
/// each window; windows that were found lacking together, of one process, are told together.
/// </summary>
/// <param name="Envelope">Of the audit service; the tenant is the platform's own.</param>
/// <param name="GatewayId">Which gateway counted.</param>
/// <param name="Run">The process of it, UUIDv7.</param>
/// <param name="From">UTC instant at which the first window began.</param>
/// <param name="To">UTC instant at which the last window ended.</param>
/// <param name="Windows">How many windows.</param>
/// <param name="Missing">Records that were counted and are not in the log.</param>
/// <param name="Dropped">Requests of which the gateway could keep no record.</param>
/// <param name="CountsLost">Windows whose count itself is not there.</param>
public sealed record AuditGapFound(
    EventEnvelope Envelope,
    string GatewayId,
    Guid Run,
    DateTimeOffset From,
    DateTimeOffset To,
    int Windows,
    long Missing,
    long Dropped,
    int CountsLost) : IIntegrationEvent;

/// <summary>What <see cref="AuditGapFound"/> told of has come in after all.</summary>
/// <param name="Envelope">As there.</param>
/// <param name="GatewayId">As there.</param>
/// <param name="Run">As there.</param>
/// <param name="From">As there.</param>
/// <param name="To">As there.</param>
/// <param name="Windows">How many windows are complete now.</param>
public sealed record AuditGapClosed(
    EventEnvelope Envelope, string GatewayId, Guid Run, DateTimeOffset From, DateTimeOffset To, int Windows) : IIntegrationEvent;
