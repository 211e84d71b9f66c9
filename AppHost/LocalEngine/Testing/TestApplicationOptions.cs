namespace Platform.LocalEngine.Testing;

/// <summary>What a test may want beyond Aspire's own testing entry.</summary>
public sealed record TestApplicationOptions
{
    /// <summary>Resources to start; empty means all.</summary>
    public IReadOnlyCollection<string> Only { get; init; } = [];

    /// <summary>True where the test kills servers and counts what survived. Costs fsync.</summary>
    public bool Durable { get; init; }

    /// <summary>Where every service sends its telemetry (OTLP over HTTP).</summary>
    public string? OtlpEndpoint { get; init; }

    /// <summary>RabbitMQ's management API, to look into queues.</summary>
    public bool BrokerManagement { get; init; }

    /// <summary>Variables per resource, set last.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, string>> Environment { get; init; } = new Dictionary<string, Dictionary<string, string>>();

    /// <summary>Data to keep; null makes a temporary folder that goes with the application.</summary>
    public string? DataFolder { get; init; }
}
