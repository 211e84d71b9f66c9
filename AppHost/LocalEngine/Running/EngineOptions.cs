namespace Platform.LocalEngine.Running;

/// <summary>What differs between a run and a test of the same model.</summary>
internal sealed record EngineOptions
{
    /// <summary>Data, secrets and server configuration.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Removes the data folder at the end.</summary>
    public bool Temporary { get; init; }

    /// <summary>Free ports instead of the model's fixed ones, which belong to a run.</summary>
    public bool RandomPorts { get; init; }

    /// <summary>Off for tests that do not test durability: servers skip fsync.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>RabbitMQ's management API, through which tests make virtual hosts.</summary>
    public bool BrokerManagement { get; init; }

    /// <summary>OTLP over HTTP for every service; null sends no telemetry.</summary>
    public string? OtlpEndpoint { get; init; }

    public string? OtlpApiKey { get; init; }

    /// <summary>Resources to start; empty means all.</summary>
    public IReadOnlyCollection<string> Only { get; init; } = [];

    /// <summary>No services.</summary>
    public bool ServersOnly { get; init; }

    /// <summary>Variables set last, per resource.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, string>> Environment { get; init; } = new Dictionary<string, Dictionary<string, string>>();
}
