namespace ServiceDefaults.Authentication;

/// <summary>Every scope of the platform.</summary>
public static class Scopes
{
    public const string IdentitySelf = "identity:self";
    public const string IdentityAdmin = "identity:admin";
    public const string AuditRead = "audit:read";
    public const string AuditAdmin = "audit:admin";
    public const string NotificationsRead = "notifications:read";
    public const string NotificationsAdmin = "notifications:admin";
    public const string DevicesRead = "devices:read";
    public const string DevicesWrite = "devices:write";

    /// <summary>A device acting for itself.</summary>
    public const string DevicesSelf = "devices:self";

    /// <summary>Sees every tenant; only a platform administrator has it.</summary>
    public const string Platform = "platform:admin";
}
