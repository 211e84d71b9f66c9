using ServiceDefaults.Contracts;

namespace AuditService.Catalogue;

/// <summary>What a service writes into the log.</summary>
/// <param name="Name">Dotted name.</param>
/// <param name="Category">What a reviewer files it under, one of <see cref="ActionCategory"/>.</param>
/// <param name="WrittenBy">The service.</param>
/// <param name="Meaning">What has happened when it stands in the log; for a person.</param>
/// <param name="Severities">Those it is written with, the usual one first.</param>
internal sealed record AuditAction(
    string Name, string Category, string WrittenBy, string Meaning, params IReadOnlyList<AuditSeverity> Severities);

/// <summary>Categories of actions.</summary>
internal static class ActionCategory
{
    public const string Request = "request";
    public const string SignIn = "sign-in";
    public const string Session = "session";
    public const string Account = "account";
    public const string Privilege = "privilege";
    public const string Credential = "credential";
    public const string Application = "application";
    public const string Key = "key";
    public const string Tenant = "tenant";
    public const string Device = "device";
    public const string Notification = "notification";
    public const string LogAccess = "log-access";
    public const string Retention = "retention";
    public const string Integrity = "integrity";
    public const string Operation = "operation";
}
