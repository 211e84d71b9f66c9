using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AuditService.Evidence;
using Npgsql;

namespace AuditService.Retention;

/// <summary>
/// What stays of a dropped partition: which leaves its records had, signed by the log's key, so that a record that is
/// not there for its age differs from one that somebody removed.
/// </summary>
internal static class RetentionAnchor
{
    private const string Title = "retention";

    /// <param name="key">The log's.</param>
    /// <param name="day">The partition's.</param>
    /// <param name="records">How many it had.</param>
    /// <param name="leaves">PostgreSQL's text of the ranges of their indexes.</param>
    public static string Sign(NoteKey key, DateOnly day, long records, string leaves) => SignedNote.Sign(Text(key, day, records, leaves), key);

    /// <summary>Ranges of leaves, of those asked for, whose records were dropped by this service; forged anchors count for nothing.</summary>
    public static async Task<List<(long From, long To)>> ReadAsync(
        NpgsqlConnection connection, NoteKey key, long from, long to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT day, records, leaves::text, note FROM audit_anchors WHERE leaves && int8range($1, $2)", connection);
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = to });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(long, long)> dropped = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            var leaves = reader.GetString(2);
            if (SignedNote.Open(reader.GetString(3), key) == Text(key, reader.GetFieldValue<DateOnly>(0), reader.GetInt64(1), leaves))
            {
                dropped.AddRange(Parse(leaves).Where(range => range.From < to && range.To > from));
            }
        }

        return dropped;
    }

    private static string Text(NoteKey key, DateOnly day, long records, string leaves) => string.Create(
        CultureInfo.InvariantCulture,
        $"{key.Name}\n{Title}\n{day:yyyy-MM-dd}\n{records}\n{Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(leaves)))}\n");

    // {[0,5),[7,9)}: PostgreSQL writes ranges of whole numbers in this form only.
    private static IEnumerable<(long From, long To)> Parse(string leaves)
    {
        var numbers = leaves.Split(['{', '}', '[', ')', ','], StringSplitOptions.RemoveEmptyEntries);
        return numbers.Chunk(2).Select(pair =>
            (long.Parse(pair[0], CultureInfo.InvariantCulture), long.Parse(pair[1], CultureInfo.InvariantCulture)));
    }
}
