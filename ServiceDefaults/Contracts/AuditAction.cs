namespace ServiceDefaults.Contracts;

/// <summary>What a service writes into the log.</summary>
/// <param name="Name">Dotted name.</param>
/// <param name="Category">What a reviewer files it under, one of <see cref="ActionCategory"/>.</param>
/// <param name="WrittenBy">The service.</param>
/// <param name="Meaning">What has happened when it stands in the log; for a person.</param>
/// <param name="Severities">Those it is written with, the usual one first.</param>
public sealed record AuditAction(
    string Name, string Category, string WrittenBy, string Meaning, params IReadOnlyList<AuditSeverity> Severities);

/// <summary>Categories of actions.</summary>
public static class ActionCategory
{
    /// <summary>Requests at the gateway.</summary>
    public const string Request = "request";

    /// <summary>Getting in, or not.</summary>
    public const string SignIn = "sign-in";

    /// <summary>Sessions and their tokens.</summary>
    public const string Session = "session";

    /// <summary>Accounts.</summary>
    public const string Account = "account";

    /// <summary>What somebody may do.</summary>
    public const string Privilege = "privilege";

    /// <summary>What somebody proves who they are with.</summary>
    public const string Credential = "credential";

    /// <summary>Applications that act for somebody.</summary>
    public const string Application = "application";

    /// <summary>Keys and secrets of the platform and its devices.</summary>
    public const string Key = "key";

    /// <summary>Organisations.</summary>
    public const string Tenant = "tenant";

    /// <summary>Devices.</summary>
    public const string Device = "device";

    /// <summary>Mails.</summary>
    public const string Notification = "notification";

    /// <summary>Who looked at the log.</summary>
    public const string LogAccess = "log-access";

    /// <summary>How long records stay.</summary>
    public const string Retention = "retention";

    /// <summary>Whether the log is whole.</summary>
    public const string Integrity = "integrity";

    /// <summary>Running the platform.</summary>
    public const string Operation = "operation";
}
