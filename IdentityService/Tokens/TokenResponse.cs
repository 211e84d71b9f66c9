using System.Text.Json.Serialization;

namespace IdentityService.Tokens;

/// <summary>Issued tokens, worded as in RFC 6749 section 5.1.</summary>
public sealed record TokenResponse
{
    [JsonPropertyName("access_token")]
    public required string AccessToken { get; init; }

    [JsonPropertyName("token_type")]
    public string TokenType { get; } = "Bearer";

    /// <summary>Seconds.</summary>
    [JsonPropertyName("expires_in")]
    public required int ExpiresIn { get; init; }

    [JsonPropertyName("refresh_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RefreshToken { get; init; }

    [JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>RFC 8693 section 2.2.1.</summary>
    [JsonPropertyName("issued_token_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IssuedTokenType { get; init; }

    /// <summary>OpenID Connect Core 1.0 section 3.1.3.3.</summary>
    [JsonPropertyName("id_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IdToken { get; init; }

    internal static TokenResponse From(IssuedToken token, string? refreshToken = null, string? scope = null) => new()
    {
        AccessToken = token.Text,
        ExpiresIn = (int)token.Life.TotalSeconds,
        RefreshToken = refreshToken,
        Scope = scope,
    };
}
