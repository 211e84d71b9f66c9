using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AuditService.Evidence.Verifying;

/// <summary>
/// Lines of an export that can be checked without the service. The first one has where the export begins and ends, the
/// tree before it, and when it was made; each other one a place of the log.
/// </summary>
internal static class EvidenceLines
{
    private static readonly Dictionary<string, Absence> Absences = new(StringComparer.Ordinal)
    {
        ["tenant"] = Absence.Tenant,
        ["retention"] = Absence.Retention,
        ["missing"] = Absence.Missing,
    };

    /// <summary>What the first line says.</summary>
    internal sealed record Head(string Log, long From, long To, DateTimeOffset At, IReadOnlyList<byte[]> Before);

    public static string Of(Head head) => JsonSerializer.Serialize(head, JsonSerializerOptions.Web);

    public static Head? ReadHead(string line) => Try(() => JsonSerializer.Deserialize<Head>(line, JsonSerializerOptions.Web));

    /// <summary>A place, with its record or the reason why it has none.</summary>
    public static void Write(Stream export, StoredLine line, Absence absent, RecordLeaf leaf)
    {
        var index = FormattableString.Invariant($"{{\"index\":{line.Line.Index},\"leaf\":{Hex(line.Line.Leaf)}");
        if (line.Row is not { } row || absent != Absence.None)
        {
            export.Write(Encoding.UTF8.GetBytes($"{index},\"absent\":\"{Absences.First(pair => pair.Value == absent).Key}\"}}\n"));
            return;
        }

        row.Hash(leaf);
        export.Write(Encoding.UTF8.GetBytes($"{index},\"salt\":{Hex(row.Salt)},\"record\":"));
        export.Write(leaf.Record);
        if (row.Salt is not null)
        {
            export.Write(",\"personal\":"u8);
            export.Write(leaf.PersonalPart);
        }

        export.Write("}\n"u8);
    }

    /// <summary>Null for a line that is none of these.</summary>
    public static LogLine? Read(string line) => Try(() =>
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        var index = root.GetProperty("index").GetInt64();
        var leaf = Bytes(root, "leaf");
        if (root.TryGetProperty("absent", out var absent))
        {
            return new LogLine(index, leaf, null, null, Absences[absent.GetString()!]);
        }

        var record = root.GetProperty("record");
        return (LogLine?)new LogLine(index, leaf, HashOf(root, record), record.GetProperty("id").GetGuid(), Absence.None);
    });

    // The digest in the record is part of what the leaf hashes; the personal part, where it is there, must have that digest.
    private static byte[] HashOf(JsonElement root, JsonElement record)
    {
        if (root.TryGetProperty("personal", out var personal))
        {
            var digest = SHA256.HashData([.. Bytes(root, "salt") ?? [], .. Encoding.UTF8.GetBytes(CanonicalWriter.Of(personal))]);
            if (record.GetProperty("personal").GetString() != Convert.ToHexStringLower(digest))
            {
                return MerkleHash.Empty();
            }
        }

        return MerkleHash.Leaf(Encoding.UTF8.GetBytes(CanonicalWriter.Of(record)));
    }

    private static string Hex(byte[]? octets) => octets is null ? "null" : $"\"{Convert.ToHexStringLower(octets)}\"";

    private static byte[]? Bytes(JsonElement root, string name) =>
        root.GetProperty(name).GetString() is { } hex ? Convert.FromHexString(hex) : null;

    private static T? Try<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return default;
        }
    }
}
