using System.ComponentModel.DataAnnotations;

namespace AuditService.Recording;

/// <summary>Section <c>Recording</c>.</summary>
internal sealed class RecordingOptions
{
    public const string Section = "Recording";

    public const int DefaultPrefetch = 1000;

    /// <summary>Most records of one transaction.</summary>
    [Range(1, 20_000)]
    public int MostPerTransaction { get; init; } = 2000;

    /// <summary>Single records taken from the bus at once: what can share a transaction.</summary>
    [Range(1, 10_000)]
    public int Prefetch { get; init; } = DefaultPrefetch;

    /// <summary>Bytes of JSON up to which <c>before</c>, <c>after</c> and <c>detail</c> are each kept whole.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int LargestDocument { get; init; } = 64 * 1024;
}
