namespace ServiceDefaults.Authentication;

/// <summary>
/// The claims of an access token as they stand in its payload, which <see cref="AccessTokenPayload"/> reads; null where one
/// is missing or of another type.
/// </summary>
internal sealed class AccessTokenClaims
{
    private TokenClaim _seen;

    public string? Issuer { get; private set; }

    public string? Subject { get; private set; }

    public string? TokenId { get; private set; }

    public string? Client { get; private set; }

    public Guid? Tenant { get; set; }

    public string? Session { get; private set; }

    public string? Name { get; private set; }

    public string? Scope { get; private set; }

    public string[] Audiences { get; private set; } = [];

    public string[] Roles { get; private set; } = [];

    public long? Epoch { get; private set; }

    public long? ExpiresAt { get; private set; }

    public long? IssuedAt { get; private set; }

    public long? NotBefore { get; private set; }

    public string? ApiKey { get; private set; }

    public long? ApiKeyLimit { get; private set; }

    public long? AuthenticatedAt { get; private set; }

    public bool HasNotBefore => Has(TokenClaim.NotBefore);

    /// <summary>Whether the payload has the member, of whatever type.</summary>
    public bool Has(TokenClaim member) => (_seen & member) != TokenClaim.Other;

    /// <summary>The payload has the member.</summary>
    public void Note(TokenClaim member) => _seen |= member;

    public void Set(TokenClaim member, string[] texts)
    {
        if (member == TokenClaim.Audience)
        {
            Audiences = texts;
        }
        else
        {
            Roles = texts;
        }
    }

    public void Set(TokenClaim member, string text)
    {
        switch (member)
        {
            case TokenClaim.Issuer:
                Issuer = text;
                break;
            case TokenClaim.Subject:
                Subject = text;
                break;
            case TokenClaim.TokenId:
                TokenId = text;
                break;
            case TokenClaim.Client:
                Client = text;
                break;
            case TokenClaim.Tenant:
                Tenant = Guid.TryParse(text, out var tenant) ? tenant : null;
                break;
            case TokenClaim.Session:
                Session = text;
                break;
            case TokenClaim.Name:
                Name = text;
                break;
            case TokenClaim.Scope:
                Scope = text;
                break;
            case TokenClaim.ApiKey:
                ApiKey = text;
                break;
            case TokenClaim.Audience:
                Audiences = [text]; // one string or an array of them (RFC 7519 section 4.1.3)
                break;
        }
    }

    public void Set(TokenClaim member, long number)
    {
        switch (member)
        {
            case TokenClaim.Epoch:
                Epoch = number;
                break;
            case TokenClaim.ExpiresAt:
                ExpiresAt = number;
                break;
            case TokenClaim.IssuedAt:
                IssuedAt = number;
                break;
            case TokenClaim.NotBefore:
                NotBefore = number;
                break;
            case TokenClaim.ApiKeyLimit:
                ApiKeyLimit = number;
                break;
            case TokenClaim.AuthenticatedAt:
                AuthenticatedAt = number;
                break;
        }
    }
}
