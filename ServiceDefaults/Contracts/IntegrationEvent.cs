using System.Text.Json.Serialization;

namespace ServiceDefaults.Contracts;

/// <summary>
/// A fact that one service tells the others over the bus: immutable, past tense, defined once in this folder.
/// </summary>
public interface IIntegrationEvent
{
    /// <summary>Who, where and when; the same shape for every event.</summary>
    EventEnvelope Envelope { get; }
}

/// <summary>What every event carries beside its own fields.</summary>
/// <param name="Id">UUIDv7, made once with the event: the key by which a consumer drops a second delivery.</param>
/// <param name="OccurredAt">UTC instant of the change, not of the delivery.</param>
/// <param name="TenantId">The tenant the change belongs to.</param>
/// <param name="Actor">Who caused it.</param>
/// <param name="SessionId">The actor's session (<c>sid</c>), where there is one.</param>
/// <param name="Address">The client's IP address as the gateway saw it.</param>
/// <param name="UserAgent">The client's User-Agent, cut to 512 characters.</param>
/// <param name="TraceId">W3C trace id, 32 lower-case hex digits.</param>
/// <param name="Elapsed">From the start of the request that caused it to the event; null where no request did.</param>
public sealed record EventEnvelope(
    Guid Id,
    DateTimeOffset OccurredAt,
    Guid TenantId,
    Actor Actor,
    string? SessionId,
    string? Address,
    string? UserAgent,
    string? TraceId,
    TimeSpan? Elapsed = null);

/// <summary>The one who acts.</summary>
/// <param name="Kind">A person, a device, a client application, or the platform itself.</param>
/// <param name="Id">The <c>sub</c> of the token; <c>anonymous</c> before sign-in; a service's name for the system.</param>
/// <param name="Name">A name to show, where known.</param>
public sealed record Actor(ActorKind Kind, string Id, string? Name = null)
{
    /// <summary>A caller who has not signed in.</summary>
    public static readonly Actor Anonymous = new(ActorKind.Anonymous, "anonymous");

    /// <summary>The platform acting by itself, for example a timer.</summary>
    public static Actor System(string service) => new(ActorKind.System, service);
}

/// <summary>Kinds of <see cref="Actor"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ActorKind>))]
public enum ActorKind
{
    Anonymous,
    User,
    Device,
    Client,
    System,
}

/// <summary>
/// Marks an event that may have no consumer. All others are published mandatory: the broker refuses one that reaches
/// no queue, and the outbox keeps it until it does.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OptionalConsumerAttribute : Attribute;
