using System.Collections.Concurrent;
using IdentityService.Operation;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace IdentityService.ApiKeys;

/// <summary>
/// Counts uses of keys in memory and writes them in one statement a minute: a busy key costs no write of its own. What a
/// process that dies has not written yet is lost; one that ends as it should writes it.
/// </summary>
internal sealed partial class ApiKeyUses(
    NpgsqlDataSource database, IdentityMetrics metrics, IOptions<ApiKeyOptions> options, TimeProvider time, ILogger<ApiKeyUses> logger)
    : BackgroundService
{
    private ConcurrentDictionary<Guid, Use> _uses = new();

    /// <summary>Counts one.</summary>
    public void Count(Guid key, DateTimeOffset at)
    {
        metrics.TokenIssued("api_key");
        _uses.AddOrUpdate(key, static (_, at) => new Use(1, at), static (_, known, at) => new Use(known.Count + 1, at > known.Last ? at : known.Last), at);
    }

    /// <summary>Writes what was counted since the last time.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var uses = Interlocked.Exchange(ref _uses, new()).ToArray();
        if (uses.Length == 0)
        {
            return;
        }

        try
        {
            await using var update = database.CreateCommand(
                """
                UPDATE api_keys SET use_count = use_count + used.count, last_used_at = greatest(last_used_at, used.last)
                FROM unnest($1, $2, $3) AS used (id, count, last)
                WHERE api_keys.id = used.id
                """);
            update.Parameters.Add(new() { Value = uses.Select(use => use.Key).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            update.Parameters.Add(new() { Value = uses.Select(use => use.Value.Count).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            update.Parameters.Add(new() { Value = uses.Select(use => use.Value.Last.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
            await update.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            foreach (var (key, use) in uses)
            {
                _uses.AddOrUpdate(key, use, (_, since) => new Use(since.Count + use.Count, since.Last > use.Last ? since.Last : use.Last));
            }

            LogNotWritten(logger, fault.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(options.Value.WriteUsesEvery, time);
        try
        {
            while (await clock.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await WriteAsync(CancellationToken.None);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Uses of API keys could not be written, they are kept for the next time: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string reason);

    private readonly record struct Use(long Count, DateTimeOffset Last);
}
