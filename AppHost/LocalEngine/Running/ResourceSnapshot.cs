namespace Platform.LocalEngine.Running;

/// <summary>The states of Aspire's dashboard that occur here.</summary>
public static class ResourceStates
{
    public const string NotStarted = "NotStarted";
    public const string Waiting = "Waiting";
    public const string Starting = "Starting";
    public const string Running = "Running";
    public const string Stopping = "Stopping";
    public const string Exited = "Exited";
    public const string FailedToStart = "FailedToStart";

    /// <summary>Not started by this run: the configuration names a server of the user's own.</summary>
    public const string External = "External";
}

/// <summary>An address of a resource.</summary>
public sealed record EndpointSnapshot(string Name, string Url, bool IsExternal);

/// <summary>A resource at one moment, fit to be shown: secrets are masked.</summary>
public sealed record ResourceSnapshot
{
    /// <summary>The resource's name, with a number behind it for a replica.</summary>
    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string State { get; init; }

    public bool IsHealthy { get; init; }

    /// <summary>Why it is not healthy, or why it failed.</summary>
    public string? Problem { get; init; }

    public string? Parent { get; init; }

    public IReadOnlyList<string> WaitsFor { get; init; } = [];

    public IReadOnlyList<EndpointSnapshot> Endpoints { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public int? ProcessId { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>From the start of its process to its first healthy answer.</summary>
    public TimeSpan? TimeToReady { get; init; }

    public int Restarts { get; init; }
}
