using System.Linq.Expressions;

namespace IdentityService.ApiKeys;

/// <summary>A key, without the key.</summary>
/// <param name="Id">To revoke it by.</param>
/// <param name="Name">The owner's choice.</param>
/// <param name="Prefix">Its first ten characters.</param>
/// <param name="Scopes">The most it can do.</param>
/// <param name="RateLimit">Requests a minute, null for none of its own.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ExpiresAt">UTC.</param>
/// <param name="RevokedAt">UTC, null while it is good.</param>
/// <param name="LastUsedAt">UTC, up to a minute behind; null when it never was.</param>
/// <param name="UseCount">Requests that came with it, as the gateways counted them, up to a minute behind.</param>
public sealed record ApiKeyView(
    Guid Id,
    string Name,
    string Prefix,
    IReadOnlyList<string> Scopes,
    int? RateLimit,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt,
    long UseCount)
{
    internal static readonly Expression<Func<ApiKey, ApiKeyView>> Of = key => new ApiKeyView(
        key.Id, key.Name, key.Prefix, key.Scopes, key.RateLimit, key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt, key.UseCount);
}

/// <summary>A new key: the only answer that holds it.</summary>
/// <param name="Key">What goes into <c>X-API-Key</c>. It can't be shown again.</param>
/// <param name="Details">Everything else.</param>
public sealed record CreatedApiKey(string Key, ApiKeyView Details);
