namespace ServiceDefaults.Authentication;

/// <summary>The members of an access token's payload that are read, as a set.</summary>
[Flags]
internal enum TokenClaim
{
    Other = 0,
    Issuer = 1,
    Subject = 2,
    TokenId = 4,
    Client = 8,
    Tenant = 16,
    Session = 32,
    Name = 64,
    Scope = 128,
    Audience = 256,
    Roles = 512,
    Epoch = 1024,
    ExpiresAt = 2048,
    IssuedAt = 4096,
    NotBefore = 8192,
    ApiKey = 16384,
    ApiKeyLimit = 32768,
    AuthenticatedAt = 65536,
}

internal static class TokenClaims
{
    /// <summary>By the member's name, as it stands in the payload.</summary>
    public static TokenClaim Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => name.SequenceEqual("iss"u8) ? TokenClaim.Issuer
            : name.SequenceEqual("sub"u8) ? TokenClaim.Subject
            : name.SequenceEqual("jti"u8) ? TokenClaim.TokenId
            : name.SequenceEqual("tid"u8) ? TokenClaim.Tenant
            : name.SequenceEqual("sid"u8) ? TokenClaim.Session
            : name.SequenceEqual("aud"u8) ? TokenClaim.Audience
            : name.SequenceEqual("exp"u8) ? TokenClaim.ExpiresAt
            : name.SequenceEqual("iat"u8) ? TokenClaim.IssuedAt
            : name.SequenceEqual("nbf"u8) ? TokenClaim.NotBefore
            : TokenClaim.Other,
        4 => name.SequenceEqual("name"u8) ? TokenClaim.Name : TokenClaim.Other,
        5 => name.SequenceEqual("scope"u8) ? TokenClaim.Scope
            : name.SequenceEqual("roles"u8) ? TokenClaim.Roles
            : name.SequenceEqual("epoch"u8) ? TokenClaim.Epoch
            : TokenClaim.Other,
        6 => name.SequenceEqual("key_id"u8) ? TokenClaim.ApiKey : TokenClaim.Other,
        9 => name.SequenceEqual("client_id"u8) ? TokenClaim.Client
            : name.SequenceEqual("key_limit"u8) ? TokenClaim.ApiKeyLimit
            : name.SequenceEqual("auth_time"u8) ? TokenClaim.AuthenticatedAt
            : TokenClaim.Other,
        _ => TokenClaim.Other,
    };
}
