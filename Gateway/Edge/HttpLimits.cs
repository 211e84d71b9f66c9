using System.ComponentModel.DataAnnotations;

namespace Gateway.Edge;

/// <summary>Section <c>Limits</c>: what one client may ask of the server. Bodies have <c>Server:MaxRequestBodyBytes</c>.</summary>
internal sealed class HttpLimits
{
    public const string Section = "Limits";

    /// <summary>Bytes of the request line; 414 beyond.</summary>
    [Range(1024, 64 * 1024)]
    public int RequestLineBytes { get; set; } = 8 * 1024;

    /// <summary>Header fields of a request; 431 beyond. Below the services' 100, since the gateway adds some of its own.</summary>
    [Range(16, 1000)]
    public int HeaderCount { get; set; } = 80;

    /// <summary>Bytes of all header fields together; 431 beyond. Below the services' 32 KiB for the same reason.</summary>
    [Range(1024, 256 * 1024)]
    public int HeadersBytes { get; set; } = 28 * 1024;

    /// <summary>Characters of one header field's value; 431 beyond. A token is bounded by its own check.</summary>
    [Range(512, 256 * 1024)]
    public int HeaderValueLength { get; set; } = 16 * 1024;

    /// <summary>Bytes a second that a client must send of its body, on average, after <see cref="BodyGrace"/>; 408 below.</summary>
    [Range(1, 1e9)]
    public double BodyBytesPerSecond { get; set; } = 240;

    [Range(typeof(TimeSpan), "00:00:01.100", "00:05:00")]
    public TimeSpan BodyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes a second of its answer that a client must take, after <see cref="AnswerGrace"/>; below that the connection is cut.</summary>
    [Range(1, 1e9)]
    public double AnswerBytesPerSecond { get; set; } = 240;

    [Range(typeof(TimeSpan), "00:00:01.100", "00:05:00")]
    public TimeSpan AnswerGrace { get; set; } = TimeSpan.FromSeconds(5);
}
