using Npgsql;

namespace AuditService.Evidence;

/// <summary>Reads the published checkpoints.</summary>
internal static class Checkpoints
{
    /// <summary>The first checkpoint with at least so many leaves, or the last of all.</summary>
    public static async Task<(long Size, string Note)?> AtLeastAsync(
        NpgsqlConnection connection, long? size, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            size is null
                ? "SELECT size, note FROM audit_checkpoints ORDER BY size DESC LIMIT 1"
                : "SELECT size, note FROM audit_checkpoints WHERE size >= $1 ORDER BY size LIMIT 1",
            connection);
        if (size is { } least)
        {
            command.Parameters.Add(new() { Value = least });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), reader.GetString(1)) : null;
    }

    /// <summary>The size from which on there are so many checkpoints up to another size, or fewer; 0 for all.</summary>
    public static Task<long> LeastOfNewestAsync(NpgsqlConnection connection, long to, int most, CancellationToken cancellationToken) =>
        SizeAsync(connection, "SELECT size FROM audit_checkpoints WHERE size <= $1 ORDER BY size DESC OFFSET $2 LIMIT 1", to, most, 0, cancellationToken);

    /// <summary>The size up to which there are so many checkpoints from another size on, or fewer; the largest number for all.</summary>
    public static Task<long> MostOfOldestAsync(NpgsqlConnection connection, long from, int most, CancellationToken cancellationToken) =>
        SizeAsync(connection, "SELECT size FROM audit_checkpoints WHERE size > $1 ORDER BY size OFFSET $2 LIMIT 1", from, most, long.MaxValue, cancellationToken);

    private static async Task<long> SizeAsync(
        NpgsqlConnection connection, string statement, long size, int most, long otherwise, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        command.Parameters.Add(new() { Value = size });
        command.Parameters.Add(new() { Value = most - 1 });
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? otherwise;
    }

    /// <summary>How many were published from one instant up to another.</summary>
    public static async Task<long> CountAsync(
        NpgsqlConnection connection, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM audit_checkpoints WHERE published_at >= $1 AND published_at < $2", connection);
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = to });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
