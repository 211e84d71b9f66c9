using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Hosting;

/// <summary>Limits of the HTTP server, section <c>Server</c>.</summary>
internal sealed class ServerOptions
{
    public const string Section = "Server";

    /// <summary>Largest request body in bytes; an endpoint that takes uploads raises it for itself.</summary>
    [Range(1024, 1L << 30)]
    public long MaxRequestBodyBytes { get; set; } = 1024 * 1024;

    /// <summary>Open connections, all ports together.</summary>
    [Range(16, 1_000_000)]
    public int MaxConnections { get; set; } = 20_000;

    /// <summary>Time a client has to send its request headers; short, since a slow sender holds a connection.</summary>
    [Range(1, 300)]
    public int RequestHeadersTimeoutSeconds { get; set; } = 15;

    /// <summary>Time the host has to stop, in seconds. Below the 10 s after which an orchestrator kills.</summary>
    [Range(1, 600)]
    public int ShutdownTimeoutSeconds { get; set; } = 8;

    /// <summary>Time between "not ready" and the end of listening, so that balancers notice first.</summary>
    [Range(0, 300)]
    public int DrainSeconds { get; set; }
}
