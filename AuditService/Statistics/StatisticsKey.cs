namespace AuditService.Statistics;

/// <summary>What statistics can be by, and the SQL of it over statistics and over records.</summary>
internal static class StatisticsKey
{
    public const string Day = "day";
    public const string Action = "action";
    public const string User = "user";
    public const string Severity = "severity";
    public const string Result = "result";

    /// <summary>Action and result with a space between, for the compliance report.</summary>
    public const string ActionAndResult = "action and result";

    public static string Counted(string by) => by switch
    {
        Day => "day::text",
        User => "actor_id",
        Severity => "severity",
        Result => "result",
        ActionAndResult => "action || ' ' || result",
        _ => "action",
    };

    public static string Recorded(string by) => by == Day ? "((occurred_at AT TIME ZONE 'UTC')::date)::text" : Counted(by);
}
