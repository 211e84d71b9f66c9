using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServiceDefaults.Contracts;

/// <summary>
/// Every revocation that a living token could still meet, straight from the identity service: for a gateway that starts
/// while Redis cannot give them. <c>GET</c> <see cref="Path"/> with the gateway's client credentials answers JSON lines:
/// <list type="number">
/// <item><c>{"type":"head","generation":…,"sequence":…}</c>: the stream's generation as last written, absent when none
/// was, and the sequence up to which the rest is complete;</item>
/// <item><c>{"type":"entry","sequence":…,"kind":…,"value":…,"epoch":…,"cutoff":…,"expiresAt":…}</c>, any number;</item>
/// <item><c>{"type":"end","sequence":…}</c> with the number of entries. Without it, the answer was cut off.</item>
/// </list>
/// Both ends hold a few lines at a time, however many there are.
/// </summary>
public static class RevocationSnapshot
{
    /// <summary>At the identity service, and not routed by the gateway.</summary>
    public const string Path = "/internal/revocations";

    /// <summary>JSON lines.</summary>
    public const string MediaType = "application/x-ndjson";

    private const int LinesAtOnce = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Writes a snapshot, waiting for the reader as it goes.</summary>
    public static async Task WriteAsync(
        PipeWriter output, RevocationSnapshotHead head, IAsyncEnumerable<RevocationStreamItem> entries, CancellationToken cancellationToken)
    {
        await using Utf8JsonWriter line = new(output);
        Write(output, line, new Line("head", head.Sequence) { Generation = head.Generation });
        var count = 0L;
        await foreach (var entry in entries.WithCancellation(cancellationToken))
        {
            Write(output, line, new Line("entry", entry.Sequence)
            {
                Kind = entry.Kind,
                Value = entry.Value,
                Epoch = entry.Epoch,
                Cutoff = entry.Cutoff,
                ExpiresAt = entry.ExpiresAt,
            });
            if (++count % LinesAtOnce == 0)
            {
                await output.FlushAsync(cancellationToken);
            }
        }

        Write(output, line, new Line("end", count));
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>Reads a snapshot and hands over each entry as it comes.</summary>
    /// <exception cref="FormatException">It is not whole; entries may have been handed over, and all of them are true.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static async Task<RevocationSnapshotHead> ReadAsync(
        Stream input, Action<RevocationStreamItem> apply, CancellationToken cancellationToken)
    {
        RevocationSnapshotHead? head = null;
        var count = 0L;
        await foreach (var line in JsonSerializer.DeserializeAsyncEnumerable<Line>(input, topLevelValues: true, Json, cancellationToken))
        {
            switch (line)
            {
                case { Type: "head" } when head is null:
                    head = new RevocationSnapshotHead(line.Generation, line.Sequence);
                    break;
                case { Type: "entry", Kind: { } kind, Value: { } value, ExpiresAt: { } expiresAt } when head is not null:
                    apply(new RevocationStreamItem(line.Sequence, kind, value, line.Epoch, line.Cutoff, expiresAt));
                    count++;
                    break;
                case { Type: "end" } when head is not null && line.Sequence == count:
                    return head;
                default:
                    throw new FormatException("The snapshot of revocations has a line that does not belong there.");
            }
        }

        throw new FormatException("The snapshot of revocations was cut off.");
    }

    private static void Write(PipeWriter output, Utf8JsonWriter writer, Line line)
    {
        writer.Reset();
        JsonSerializer.Serialize(writer, line, Json);
        "\n"u8.CopyTo(output.GetSpan(1));
        output.Advance(1);
    }

    private sealed record Line(string Type, long Sequence)
    {
        public string? Generation { get; init; }

        public RevocationKind? Kind { get; init; }

        public string? Value { get; init; }

        public long? Epoch { get; init; }

        public DateTimeOffset? Cutoff { get; init; }

        public DateTimeOffset? ExpiresAt { get; init; }
    }
}

/// <summary>How far a snapshot goes.</summary>
/// <param name="Generation">Of the stream as the identity service last wrote it; null when it has not.</param>
/// <param name="Sequence">Every revocation up to it is in the snapshot, or has expired.</param>
public sealed record RevocationSnapshotHead(string? Generation, long Sequence);
