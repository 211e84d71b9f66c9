using ServiceDefaults.Contracts;

namespace AuditService.Recording;

/// <summary>What an HTTP status says about a request to somebody who reviews the log.</summary>
internal static class Judgement
{
    public static string ResultOf(int status) => NameOf(status switch
    {
        < 400 => AuditResult.Success,
        401 or 403 => AuditResult.Denied,
        _ => AuditResult.Failure,
    });

    /// <summary>A fault of ours is a warning, a refusal worth a look a notice, a client's mistake neither.</summary>
    public static string SeverityOf(int status) => NameOf(status switch
    {
        >= 500 => AuditSeverity.Warning,
        401 or 403 or 429 => AuditSeverity.Notice,
        _ => AuditSeverity.Info,
    });

    /// <summary>How the table and the interface write a value of an enum.</summary>
    public static string NameOf<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();
}
