namespace NotificationService.Routing;

/// <summary>Section <c>Routing</c>.</summary>
internal sealed class RoutingOptions
{
    public const string Section = "Routing";

    /// <summary>Channels of a kind in place of those in <see cref="Rules"/>; an empty list switches it off.</summary>
    public Dictionary<string, List<Channel>> Channels { get; init; } = new(StringComparer.Ordinal);
}
