namespace IdentityService.Authorization;

/// <summary>
/// An authorization request that waits: pushed by its client (RFC 9126), or kept while the user signs in and consents.
/// </summary>
internal sealed class AuthorizationRequest
{
    /// <summary>SHA-256 of its handle, 32 random bytes.</summary>
    public byte[] Hash { get; init; } = [];

    public Guid ClientId { get; init; }

    /// <summary>The parameters, a JSON object of strings.</summary>
    public string Parameters { get; init; } = "";

    /// <summary>Whether the client pushed it, authenticated.</summary>
    public bool Pushed { get; init; }

    /// <summary>UTC; when the user was last sent to sign in for it.</summary>
    public DateTimeOffset? SignInAskedAt { get; private set; }

    /// <summary>The user who consented to it.</summary>
    public Guid? ApprovedBy { get; private set; }

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; private set; }

    public static AuthorizationRequest Create(byte[] hash, Guid clientId, string parameters, bool pushed, DateTimeOffset expiresAt) =>
        new() { Hash = hash, ClientId = clientId, Parameters = parameters, Pushed = pushed, ExpiresAt = expiresAt };

    /// <summary>The user needs time to sign in or to think.</summary>
    public void Wait(DateTimeOffset until, DateTimeOffset? signInAskedAt)
    {
        ExpiresAt = until;
        SignInAskedAt = signInAskedAt ?? SignInAskedAt;
    }

    public void Approve(Guid user) => ApprovedBy = user;
}

/// <summary>What a user has granted to an application; it is not asked for again.</summary>
internal sealed class Consent
{
    public Guid UserId { get; init; }

    public Guid ClientId { get; init; }

    public string[] Scopes { get; private set; } = [];

    /// <summary>UTC.</summary>
    public DateTimeOffset GrantedAt { get; private set; }

    public bool Covers(IEnumerable<string> scopes) => !scopes.Except(Scopes, StringComparer.Ordinal).Any();

    public void Grant(IEnumerable<string> scopes, DateTimeOffset now)
    {
        Scopes = [.. Scopes.Union(scopes, StringComparer.Ordinal)];
        GrantedAt = now;
    }
}

/// <summary>An authorization code as the database knows it.</summary>
internal sealed class AuthorizationCode
{
    /// <summary>SHA-256 of the code, 32 random bytes.</summary>
    public byte[] Hash { get; init; } = [];

    public Guid ClientId { get; init; }

    /// <summary>The sign-in on the pages that it came from.</summary>
    public Guid BrowserSessionId { get; init; }

    public string RedirectUri { get; init; } = "";

    public string[] Scopes { get; init; } = [];

    public string? Nonce { get; init; }

    /// <summary>RFC 7636 section 4.2, method S256.</summary>
    public string CodeChallenge { get; init; } = "";

    /// <summary>UTC.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>UTC; a code is presented once, right or wrong.</summary>
    public DateTimeOffset? UsedAt { get; private set; }

    /// <summary>What it was exchanged for, to be ended if it turns up again.</summary>
    public Guid? SessionId { get; private set; }

    public void Use(DateTimeOffset now, Guid? sessionId)
    {
        UsedAt = now;
        SessionId = sessionId;
    }
}
