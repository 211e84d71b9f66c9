using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace ServiceDefaults.Contracts;

/// <summary>Every event type by the name under which the outbox stores it: the type's own name.</summary>
public static class EventCatalogue
{
    /// <summary>How events are written to the outbox: camelCase, enums as text.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly FrozenDictionary<string, Type> Types = typeof(EventCatalogue).Assembly.GetTypes()
        .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IIntegrationEvent)))
        .ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    private static readonly FrozenSet<Type> Optional = Types.Values
        .Where(type => type.GetCustomAttribute<OptionalConsumerAttribute>() is not null)
        .ToFrozenSet();

    /// <summary>Finds the event type of that name; null for one this build does not know.</summary>
    public static Type? Find(string name) => Types.GetValueOrDefault(name);

    /// <summary>Whether a queue must take the event, so that the broker may not drop it.</summary>
    public static bool RequiresConsumer(Type type) => !Optional.Contains(type);
}
