using System.ComponentModel.DataAnnotations;

namespace Gateway.Tokens;

/// <summary>Section <c>Tokens</c>.</summary>
internal sealed class TokenOptions
{
    public const string Section = "Tokens";

    /// <summary>Verified tokens kept in memory, about 2 kB each.</summary>
    [Range(2, 1_000_000)]
    public int CacheSize { get; set; } = 50_000;

    /// <summary>API keys whose token is kept in memory, about 3 kB each.</summary>
    [Range(2, 1_000_000)]
    public int ApiKeyCacheSize { get; set; } = 10_000;
}
