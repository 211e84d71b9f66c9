namespace ServiceDefaults.Authentication;

/// <summary>Claim types of the principal, named as in the token.</summary>
public static class ClaimNames
{
    public const string Subject = "sub";
    public const string Tenant = "tid";
    public const string Session = "sid";
    public const string TokenId = "jti";
    public const string Client = "client_id";
    public const string Name = "name";
    public const string Role = "roles";

    /// <summary>One claim for each scope.</summary>
    public const string Scope = "scope";

    public const string Epoch = "epoch";

    /// <summary>Seconds since 1970 at which the user last proved who they are.</summary>
    public const string AuthenticatedAt = "auth_time";
}
