using System.ComponentModel.DataAnnotations;

namespace Gateway.RequestAudit;

/// <summary>Section <c>RequestAudit</c>.</summary>
internal sealed class RequestAuditOptions
{
    public const string Section = "RequestAudit";

    /// <summary>Records of one batch at most while the bus keeps up; a small one holds up fewer requests.</summary>
    [Range(1, 5000)]
    public int Batch { get; set; } = 250;

    /// <summary>Records of one batch at most when more than two of the other wait.</summary>
    [Range(1, 5000)]
    public int CatchUpBatch { get; set; } = 1000;

    /// <summary>How long a batch is waited for before it is sent; its records are in the journal by then.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan Window { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Records waiting in memory; beyond that they are dropped and counted rather than held against requests.</summary>
    [Range(1000, 10_000_000)]
    public int Waiting { get; set; } = 50_000;

    /// <summary>How often the records are counted for reconciliation with the audit log.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan CountEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the broker may take to confirm a batch before the bus counts as away.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Where the journal is. Must outlive the process; gateways may share it, each takes a
    /// folder of its own in it. Under the user's local application data when unset.
    /// </summary>
    [Required]
    public string SpoolDirectory { get; set; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } data
            ? data
            : Path.GetTempPath(),
        "platform", "gateway", "request-audit");

    /// <summary>Bytes kept on disk; when full, new records are dropped and counted.</summary>
    [Range(1024, 1L << 40)]
    public long SpoolBytes { get; set; } = 1L << 30;

    /// <summary>Bytes after which a new file is begun; a file is deleted when all of it was sent.</summary>
    [Range(1024, 1 << 30)]
    public int SegmentBytes { get; set; } = 8 << 20;
}
