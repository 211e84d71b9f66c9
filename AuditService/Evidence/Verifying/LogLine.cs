namespace AuditService.Evidence.Verifying;

/// <summary>One place of the log, as the one who checks it finds it.</summary>
/// <param name="Index">Of the leaf.</param>
/// <param name="Leaf">The hash that the tree has there; null when the tree lacks it.</param>
/// <param name="Hash">What the record shown here hashes to; null when none is shown.</param>
/// <param name="Record">Id of the record shown.</param>
/// <param name="Absent">Why none is shown.</param>
internal readonly record struct LogLine(long Index, byte[]? Leaf, byte[]? Hash, Guid? Record, Absence Absent);

/// <summary>Why a place shows no record.</summary>
internal enum Absence
{
    /// <summary>It shows one.</summary>
    None,

    /// <summary>It is another tenant's.</summary>
    Tenant,

    /// <summary>Its partition was dropped at the end of retention.</summary>
    Retention,

    /// <summary>There should be one.</summary>
    Missing,
}

/// <summary>What is wrong with the log.</summary>
/// <param name="Kind"><c>altered</c>, <c>removed</c>, <c>added</c>, <c>reordered</c>, <c>rewritten</c> or <c>checkpoint</c>.</param>
/// <param name="From">First leaf concerned.</param>
/// <param name="To">Leaf after the last one concerned.</param>
/// <param name="Record">Id of the record found there.</param>
/// <param name="Text">A sentence for a person.</param>
internal sealed record LogFault(string Kind, long From, long To, Guid? Record, string Text)
{
    public const string Altered = "altered";
    public const string Removed = "removed";
    public const string Added = "added";
    public const string Reordered = "reordered";
    public const string Rewritten = "rewritten";
    public const string OfCheckpoint = "checkpoint";
}
