using System.Reflection;
using Npgsql;
using Platform.Testing;

namespace Delivery.Battery;

/// <summary>The audit service as a process over a database of its own: it records every operation.</summary>
internal sealed class AuditLog : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, string?> _settings;
    private readonly DirectoryInfo _checkpoints = Directory.CreateTempSubdirectory("delivery-");
    private readonly string _database;
    private ServiceProcess _process;

    public AuditLog(string database, string broker)
    {
        _database = database;
        _settings = new(StringComparer.Ordinal)
        {
            ["ConnectionStrings:auditdb"] = database,
            ["ConnectionStrings:messaging"] = broker,
            ["Authentication:Issuer"] = "https://identity.test",
            ["Evidence:EncryptionKey"] = "a key of the battery, 0123456789 abcdef",
            ["Evidence:CheckpointFolder"] = _checkpoints.FullName,
            ["Logging:LogLevel:Default"] = "Error",
        };
        _process = Start();
    }

    /// <summary>kill -9, wherever it is, and another start.</summary>
    public async Task DiesAsync()
    {
        await _process.KillAsync();
        _process.Dispose();
        _process = Start();
    }

    /// <summary>Every operation has one record, and the log's sequence no gap.</summary>
    public async Task JudgeAsync(Verdict verdict, long committed)
    {
        await using var database = NpgsqlDataSource.Create(_database);
        await using var count = database.CreateCommand(
            """
            SELECT count(*), count(DISTINCT resource_id), coalesce(min(leaf_index), 0), coalesce(max(leaf_index), -1), count(DISTINCT leaf_index)
            FROM audit_records WHERE action = 'user.updated' AND resource_type = 'operation'
            """);
        (long Records, long Operations, long First, long Last, long Places) found = default;
        await Eventually.Async(
            async () =>
            {
                await using var reader = await count.ExecuteReaderAsync();
                await reader.ReadAsync();
                found = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
                return found.Operations >= committed;
            },
            Deadline,
            $"the audit log has {found.Operations} of {committed} operations");
        verdict.Audited = found.Records;
        verdict.Require(found.Records == committed, $"{committed} operations have {found.Records} audit records");
        verdict.Require(
            found.First == 0 && found.Last == found.Records - 1 && found.Places == found.Records,
            $"the audit sequence runs from {found.First} to {found.Last} with {found.Places} places for {found.Records} records");
    }

    public void Dispose()
    {
        _process.Dispose();
        _checkpoints.Delete(recursive: true);
    }

    private ServiceProcess Start() => ServiceProcess.Start(Assembly.Load("AuditService"), _settings);
}
