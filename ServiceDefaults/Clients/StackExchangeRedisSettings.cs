namespace Aspire.StackExchange.Redis;

/// <summary>Settings of a Redis client, sections <c>Aspire:StackExchange:Redis</c> and <c>Aspire:StackExchange:Redis:{name}</c>.</summary>
public sealed class StackExchangeRedisSettings
{
    /// <summary>The connection string; <c>ConnectionStrings:{name}</c> wins over the sections.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Leaves Redis out of readiness.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Without effect here: the client library of this build makes no spans.</summary>
    public bool DisableTracing { get; set; }
}
