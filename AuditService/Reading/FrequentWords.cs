using Npgsql;

namespace AuditService.Reading;

/// <summary>
/// Words that stand in many records, as PostgreSQL's own statistics of the newest days have them. Of a question with a rare
/// and a common word the index should look up the rare one alone: for the beginning of a common one it reads a list of
/// nearly all records first.
/// </summary>
internal sealed class FrequentWords(NpgsqlDataSource database, TimeProvider time)
{
    private const double Share = 0.02;

    private const string Select =
        """
        SELECT word, max(share) FROM (
            SELECT unnest(most_common_elems::text::text[]) AS word, unnest(most_common_elem_freqs) AS share FROM (
                SELECT most_common_elems, most_common_elem_freqs FROM pg_stats
                WHERE tablename ~ '^audit_records_' AND attname = 'search' AND most_common_elems IS NOT NULL
                ORDER BY tablename DESC LIMIT 5) newest) words
        WHERE word IS NOT NULL AND share >= 0.001 GROUP BY word
        """;

    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(5);

    private volatile Known _known = new([], DateTimeOffset.MinValue);

    /// <summary>Of these words, or beginnings, those that are common.</summary>
    public async ValueTask<HashSet<string>> AmongAsync(IReadOnlyCollection<string> words, CancellationToken cancellationToken)
    {
        if (words.Count < 2)
        {
            return [];
        }

        var known = await KnownAsync(cancellationToken);
        return [.. words.Where(word => known.Where(one => one.Word.StartsWith(word, StringComparison.Ordinal)).Sum(one => one.Share) >= Share)];
    }

    private async ValueTask<List<(string Word, double Share)>> KnownAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _known.At < Renewal)
        {
            return _known.Words;
        }

        await using var command = database.CreateCommand(Select);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(string, double)> words = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            words.Add((reader.GetString(0), reader.GetFloat(1)));
        }

        _known = new Known(words, now);
        return words;
    }

    private sealed record Known(List<(string Word, double Share)> Words, DateTimeOffset At);
}
