namespace ServiceDefaults.Authentication;

/// <summary>What a valid access token says (RFC 9068 section 2.2, and the platform's own <c>tid</c>, <c>sid</c> and <c>epoch</c>).</summary>
/// <param name="TokenId"><c>jti</c>.</param>
/// <param name="Subject"><c>sub</c>: a user's, device's or client's id.</param>
/// <param name="ClientId"><c>client_id</c>.</param>
/// <param name="TenantId"><c>tid</c>.</param>
/// <param name="SessionId"><c>sid</c>, null for a token without a session.</param>
/// <param name="Name"><c>name</c>, to show and to log; never to decide.</param>
/// <param name="Scopes"><c>scope</c>, split.</param>
/// <param name="Roles"><c>roles</c>.</param>
/// <param name="Epoch"><c>epoch</c>: the subject's counter when the token was issued.</param>
/// <param name="IssuedAt"><c>iat</c>.</param>
/// <param name="ExpiresAt"><c>exp</c>.</param>
public sealed record AccessToken(
    string TokenId,
    string Subject,
    string ClientId,
    Guid TenantId,
    string? SessionId,
    string? Name,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> Roles,
    long Epoch,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt)
{
    /// <summary><c>aud</c>.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>Whether it is meant for that audience.</summary>
    public bool IsFor(string audience)
    {
        for (var index = 0; index < Audiences.Count; index++)
        {
            if (Audiences[index] == audience)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary><c>kid</c> of the header: the key that signed it.</summary>
    public string SigningKey { get; init; } = "";

    /// <summary><c>auth_time</c> (RFC 9068 section 2.2.1): when the user last proved who they are; null for nobody's proof.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary><c>key_id</c>: the API key that was exchanged for this token, or null.</summary>
    public string? KeyId { get; init; }

    /// <summary><c>key_limit</c>: requests a minute that this key was given, or null.</summary>
    public int? KeyLimit { get; init; }
}

/// <summary>The outcome of checking a token: the token, or why it is refused.</summary>
/// <param name="Token">Null when refused.</param>
/// <param name="Refusal">Null when valid; else a sentence for <c>error_description</c> that tells the client nothing secret.</param>
public readonly record struct AccessTokenResult(AccessToken? Token, string? Refusal)
{
    internal static AccessTokenResult Refused(string reason) => new(null, reason);
}
