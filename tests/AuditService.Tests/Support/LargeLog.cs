using System.Globalization;
using AuditService.Data;
using AuditService.Reading;
using Microsoft.AspNetCore.Mvc.Testing;
using Npgsql;
using ServiceDefaults.Paging;

namespace AuditService.Tests.Support;

/// <summary>A database with thirty days of ten tenants' records in it.</summary>
public sealed class LargeLog(RunningAudit audit) : IAsyncLifetime
{
    public const int Days = 30;

    public static readonly Guid Tenant = TenantOf(3);

    private static readonly int Records = int.Parse(Environment.GetEnvironmentVariable("AUDIT_VOLUME") ?? "200000", CultureInfo.InvariantCulture);

    private WebApplicationFactory<AuditDbContext> _host = null!;

    public IServiceProvider Services => _host.Services;

    public async ValueTask InitializeAsync()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using (var first = audit.Host(settings))
        {
            Assert.NotNull(first.Services); // the schema
        }

        await using var database = NpgsqlDataSource.Create(settings["ConnectionStrings:auditdb"] + ";Command Timeout=300");

        // One record into each day brings the days into being: they are in the default partition at first.
        await ExecuteAsync(database, Insert(Days, $"{Days}"));
        _host = audit.Host(settings);
        Assert.NotNull(_host.Services);
        await Eventually.Async(() => HasDaysAsync(database), TimeSpan.FromSeconds(20), "the days were not made");
        await ExecuteAsync(database, Insert(Records, $"{Records}"));
        await ExecuteAsync(database, "VACUUM ANALYZE audit_records");
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    internal static RecordFilter Filter(string question)
    {
        var parts = question.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=')).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]), StringComparer.Ordinal);
        return new RecordFilter
        {
            UserId = parts.GetValueOrDefault("userId"),
            Action = parts.GetValueOrDefault("action"),
            ResourceType = parts.GetValueOrDefault("resourceType"),
            ResourceId = parts.GetValueOrDefault("resourceId"),
            Severity = parts.GetValueOrDefault("severity"),
            Result = parts.GetValueOrDefault("result"),
            Address = parts.GetValueOrDefault("address"),
            TraceId = parts.GetValueOrDefault("traceId"),
            Text = parts.GetValueOrDefault("text"),
            From = Ago("from-days"),
            To = Ago("to-days"),
            Cursor = Ago("cursor-days") is { } at ? new Cursor(at, Guid.AllBitsSet).ToString() : null,
        };

        DateTimeOffset? Ago(string name) => parts.TryGetValue(name, out var days)
            ? TimeProvider.System.GetUtcNow().AddDays(-int.Parse(days, CultureInfo.InvariantCulture))
            : null;
    }

    private static Guid TenantOf(int number) => new($"00000000-0000-0000-0000-00000000010{number}");

    // Spread evenly over the days; rare and common values of everything that can be asked for.
    private static string Insert(int count, string spread) =>
        $"""
        INSERT INTO audit_records (
            id, occurred_at, received_at, tenant_id, actor_kind, actor_id, address, action, resource_type, resource_id,
            severity, result, trace_id, method, path, status, marks, search)
        SELECT
            gen_random_uuid(), at, at, ('00000000-0000-0000-0000-00000000010' || n / 7 % 10)::uuid, 'user', 'user-' || n % 500,
            ('10.0.' || n % 7 || '.' || n % 11)::inet,
            CASE WHEN n % 5 = 0 THEN 'action.' || n % 31 ELSE 'api.request' END,
            'type-' || n % 7, 'thing-' || n % 5003,
            CASE WHEN n % 997 = 0 THEN 'critical' WHEN n % 50 = 1 THEN 'warning' ELSE 'info' END,
            CASE WHEN n % 97 = 0 THEN 'denied' ELSE 'success' END,
            'trace-' || n % 20011, 'GET', '/api/v1/devices', 200, ARRAY[]::text[],
            array_to_tsvector(ARRAY['common', 'word' || n % 20011, 'user' || n % 500])
        FROM (SELECT n, now() - interval '1 hour' - n * (interval '{Days} days' / {spread}) AS at FROM generate_series(0, {count} - 1) n) rows
        """;

    private static async Task<bool> HasDaysAsync(NpgsqlDataSource database)
    {
        await using var count = database.CreateCommand("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_records'::regclass");
        await using var stray = database.CreateCommand("SELECT count(*) FROM audit_records_default");
        return (long)(await count.ExecuteScalarAsync())! > Days && (long)(await stray.ExecuteScalarAsync())! == 0;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
