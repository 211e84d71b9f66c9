using ServiceDefaults.Contracts;


namespace AuditService.Compliance;

/// <summary>A subject of the report.</summary>
/// <param name="Title">For a person.</param>
/// <param name="IsListed">Whether each record is shown, not only how many.</param>
/// <param name="Categories">Of the catalogue.</param>
/// <param name="Controls">What it is evidence for.</param>
internal sealed record ReportSubject(string Title, bool IsListed, IReadOnlyList<string> Categories, IReadOnlyList<string> Controls)
{
    /// <summary>Its actions.</summary>
    public string[] Actions => [.. Categories.SelectMany(ActionCatalogue.Of)];
}

/// <summary>The subjects, in the order of the report.</summary>
internal static class ReportSubjects
{
    public static readonly IReadOnlyList<ReportSubject> All =
    [
        new("Sign-ins and failures", IsListed: false, [ActionCategory.SignIn, ActionCategory.Session], ["SOC 2 CC6.1", "ISO 27001 A.8.5"]),
        new("Accounts", IsListed: false, [ActionCategory.Account], ["SOC 2 CC6.2", "ISO 27001 A.5.16"]),
        new("Changes of privileges and tenants", IsListed: true, [ActionCategory.Privilege, ActionCategory.Tenant], ["SOC 2 CC6.3", "ISO 27001 A.5.18", "ISO 27001 A.8.2"]),
        new("Passwords, second factors and API keys", IsListed: false, [ActionCategory.Credential], ["SOC 2 CC6.1", "ISO 27001 A.5.17"]),
        new("Keys and secrets", IsListed: true, [ActionCategory.Key], ["SOC 2 CC6.1", "ISO 27001 A.8.24"]),
        new("Applications", IsListed: false, [ActionCategory.Application], ["SOC 2 CC6.1", "ISO 27001 A.5.15"]),
        new("Readings and exports of the log", IsListed: true, [ActionCategory.LogAccess], ["SOC 2 CC6.1", "ISO 27001 A.8.15"]),
        new("Retention, legal holds and erasures", IsListed: true, [ActionCategory.Retention], ["SOC 2 C1.2", "ISO 27001 A.5.33", "ISO 27001 A.8.10"]),
        new("Integrity and completeness of the log", IsListed: true, [ActionCategory.Integrity, ActionCategory.Operation], ["SOC 2 CC7.2", "ISO 27001 A.8.15", "ISO 27001 A.8.16"]),
    ];
}
