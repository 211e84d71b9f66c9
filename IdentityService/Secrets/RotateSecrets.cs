using System.Globalization;
using System.Security.Cryptography;
using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Operation;
using Npgsql;
using ServiceDefaults.Contracts;

namespace IdentityService.Secrets;

/// <summary>What came of one column.</summary>
internal sealed record RotatedColumn(EncryptedColumn Column, int Rotated, int Unreadable);

/// <summary>
/// Encrypts with the current key what is stored under former ones, in small transactions: services go on meanwhile, since
/// they read both, and a run that was killed is continued by the next.
/// </summary>
internal sealed class RotateSecrets(
    NpgsqlDataSource source, IdentityDb database, KeyEncryption encryption, IEnumerable<EncryptedColumn> columns, TimeProvider time)
{
    public const int AtOnce = 50;

    /// <summary>Does every column; those whose secrets no configured key opens are counted and left.</summary>
    public async Task<IReadOnlyList<RotatedColumn>> RunAsync(CancellationToken cancellationToken)
    {
        List<RotatedColumn> done = [];
        foreach (var column in columns)
        {
            done.Add(await RotateAsync(column, cancellationToken));
        }

        var now = time.GetInstant();
        database.AddAudit(
            new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("identity"), null, null, null, null),
            "secrets.rotated",
            "encryption_key",
            Convert.ToHexStringLower(encryption.CurrentMark.AsSpan(1)),
            done.TrueForAll(one => one.Unreadable == 0) ? AuditResult.Success : AuditResult.Failure,
            AuditSeverity.Notice,
            detail: done.ToDictionary(
                one => $"{one.Column.Table}.{one.Column.Secret}",
                one => string.Create(CultureInfo.InvariantCulture, $"{one.Rotated} rotated, {one.Unreadable} unreadable"),
                StringComparer.Ordinal));
        await database.SaveChangesAsync(cancellationToken);
        return done;
    }

    private async Task<RotatedColumn> RotateAsync(EncryptedColumn column, CancellationToken cancellationToken)
    {
        var (rotated, unreadable) = (0, 0);
        for (object? after = null; ;)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var rows = await ReadAsync(connection, column, after, cancellationToken);
            if (rows.Count == 0)
            {
                return new RotatedColumn(column, rotated, unreadable);
            }

            foreach (var (key, stored) in rows)
            {
                var isDone = await EncryptAsync(connection, column, key, stored, cancellationToken);
                rotated += isDone ? 1 : 0;
                unreadable += isDone ? 0 : 1;
            }

            await transaction.CommitAsync(cancellationToken);
            after = rows[^1].Key;
        }
    }

    // Locked, so that a service that writes one of them at this moment does so before or after, and is not overwritten.
    private async Task<List<(object Key, byte[] Stored)>> ReadAsync(
        NpgsqlConnection connection, EncryptedColumn column, object? after, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand(
            $"""
            SELECT {column.Key}, {column.Secret} FROM {column.Table}
            WHERE substring({column.Secret} FROM 1 FOR length($1)) <> $1 {(after is null ? "" : $"AND {column.Key} > $2")}
            ORDER BY {column.Key} LIMIT {AtOnce} FOR UPDATE
            """,
            connection);
        query.Parameters.Add(new NpgsqlParameter { Value = encryption.CurrentMark });
        if (after is not null)
        {
            query.Parameters.Add(new NpgsqlParameter { Value = after });
        }

        List<(object, byte[])> rows = [];
        await using var reader = await query.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add((reader.GetValue(0), reader.GetFieldValue<byte[]>(1)));
        }

        return rows;
    }

    private async Task<bool> EncryptAsync(
        NpgsqlConnection connection, EncryptedColumn column, object key, byte[] stored, CancellationToken cancellationToken)
    {
        var owner = column.Owner(key.ToString()!);
        byte[] secret;
        try
        {
            secret = encryption.Unprotect(stored, owner);
        }
        catch (CryptographicException)
        {
            return false;
        }

        await using var update = new NpgsqlCommand($"UPDATE {column.Table} SET {column.Secret} = $1 WHERE {column.Key} = $2", connection);
        update.Parameters.Add(new NpgsqlParameter { Value = encryption.Protect(secret, owner) });
        update.Parameters.Add(new NpgsqlParameter { Value = key });
        CryptographicOperations.ZeroMemory(secret);
        return await update.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
