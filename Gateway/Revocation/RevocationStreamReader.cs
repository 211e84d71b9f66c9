using System.Globalization;
using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace Gateway.Revocation;

/// <summary>Reads the revocation stream page by page and applies it. Used by one task at a time.</summary>
internal sealed partial class RevocationStreamReader(
    RevocationSet revocations,
    AppliedSequence applied,
    RevocationFreshness freshness,
    GatewayMetrics metrics,
    ILogger<RevocationStreamReader> logger)
{
    private const int PageSize = 1000;
    private const string Start = "0-0";

    // The client's own limit for asynchronous commands is not to be relied on in every version.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private string? _generation;
    private string _lastId = Start;

    /// <summary>Reads one page; true when there is more.</summary>
    public async Task<bool> ReadPageAsync(IDatabase redis, CancellationToken cancellationToken)
    {
        // One round trip. The server's own clock says how old an entry is, whatever this machine's says.
        var generation = redis.StringGetAsync(RevocationStream.GenerationKey);
        var page = redis.ExecuteAsync("XREAD", "COUNT", PageSize, "STREAMS", RevocationStream.Key, _lastId);
        var clock = redis.ExecuteAsync("TIME");
        await Task.WhenAll(generation, page, clock).WaitAsync(Limit, cancellationToken);

        string? current = await generation;
        if (current is null)
        {
            _generation = null; // emptied, or the identity service has not begun: nothing says that the stream is whole
            return false;
        }

        if (current != _generation)
        {
            LogGeneration(logger, _generation, current);
            _generation = current;
            _lastId = Start;
            applied.Enter(current);
            return true;
        }

        var entries = Entries(await page);
        foreach (var entry in entries)
        {
            Apply(entry);
        }

        if (entries.Length > 0)
        {
            freshness.Heard(Age(_lastId, (string[])(await clock)!));
        }

        if (entries.Length < PageSize)
        {
            freshness.ReachedEnd();
            return false;
        }

        return true;
    }

    // [[stream, [[id, [name, value, …]], …]]], or nothing.
    private static RedisResult[] Entries(RedisResult page) =>
        page.IsNull ? [] : (RedisResult[])((RedisResult[])((RedisResult[])page!)![0]!)![1]!;

    private void Apply(RedisResult entry)
    {
        var parts = (RedisResult[])entry!;
        _lastId = (string)parts![0]!;
        try
        {
            var item = RevocationStream.Read(Fields((string[])parts[1]!));
            if (item.Kind is { } kind)
            {
                revocations.Apply(kind, item.Value, item.Epoch, item.Cutoff, item.ExpiresAt);
                metrics.RevocationApplied("stream");
            }

            // A heartbeat too stands behind every entry up to its number; older ones may have been trimmed.
            applied.ReadInOrder(item.Sequence);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            // Stopping here would keep all later ones from taking effect.
            metrics.RevocationFault("unreadable");
            LogUnreadable(logger, _lastId, fault);
        }
    }

    private static Dictionary<string, string> Fields(string[] flat)
    {
        Dictionary<string, string> fields = new(flat.Length / 2, StringComparer.Ordinal);
        for (var index = 0; index + 1 < flat.Length; index += 2)
        {
            fields[flat[index]] = flat[index + 1];
        }

        return fields;
    }

    private static TimeSpan Age(string id, string[] clock)
    {
        var now = (Number(clock[0]) * 1000) + (Number(clock[1]) / 1000);
        return TimeSpan.FromMilliseconds(Math.Max(0, now - Number(id[..id.IndexOf('-', StringComparison.Ordinal)])));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [LoggerMessage(1, LogLevel.Information, "Reading revocations from the start: generation was {Previous}, is {Current}")]
    private static partial void LogGeneration(ILogger logger, string? previous, string current);

    [LoggerMessage(2, LogLevel.Error, "Entry {Id} of the revocation stream cannot be read and has no effect")]
    private static partial void LogUnreadable(ILogger logger, string id, Exception fault);
}
