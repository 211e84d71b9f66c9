using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Data;
using AuditService.Tests.Support;
using MassTransit;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ServiceDefaults.Contracts;

[assembly: AssemblyFixture(typeof(RunningAudit))]

namespace AuditService.Tests.Support;

/// <summary>The service on its real servers, one for all tests: each makes a tenant of its own.</summary>
public sealed class RunningAudit : IAsyncLifetime
{
    private readonly DirectoryInfo _checkpoints = Directory.CreateTempSubdirectory("audit-checkpoints-");
    private WebApplicationFactory<AuditDbContext> _host = null!;

    public PlatformServers Servers { get; } = new();

    public string Database { get; private set; } = "";

    public string Messaging { get; private set; } = "";

    public IServiceProvider Services => _host.Services;

    public TestTokens Tokens { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Servers.InitializeAsync();
        Tokens = await TestTokens.StartAsync();
        Database = await Servers.CreateDatabaseAsync("audit");
        Messaging = await Servers.CreateMessagingAsync();
        _host = Host();
        await Eventually.Async(async () => (await Visit(Tokens.User(NewId(), NewId(), "identity:self")).GetAsync("/api/v1/audit/me")).EnsureSuccessStatusCode(), TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await Tokens.DisposeAsync();
        await Servers.DisposeAsync();
        _checkpoints.Delete(recursive: true);
    }

    /// <summary>Another host over the same database and broker, or over others.</summary>
    internal WebApplicationFactory<AuditDbContext> Host(IReadOnlyDictionary<string, string>? settings = null) =>
        new WebApplicationFactory<AuditDbContext>().WithWebHostBuilder(web =>
        {
            foreach (var (key, value) in Settings)
            {
                web.UseSetting(key, value);
            }

            foreach (var (key, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
            {
                web.UseSetting(key, value);
            }
        });

    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(Tokens.Settings, StringComparer.Ordinal)
    {
        ["ConnectionStrings:auditdb"] = Database,
        ["ConnectionStrings:messaging"] = Messaging,
        ["Evidence:EncryptionKey"] = "a key of the tests, 0123456789 abcdef",
        ["Evidence:CheckpointFolder"] = _checkpoints.FullName,
        ["Evidence:CheckEvery"] = "1.00:00:00", // tests put rows into the table by SQL
    };

    /// <summary>For a host whose database and broker the test breaks.</summary>
    internal async Task<Dictionary<string, string>> SettingsOfItsOwnAsync() => new(StringComparer.Ordinal)
    {
        ["ConnectionStrings:auditdb"] = await Servers.CreateDatabaseAsync("audit"),
        ["ConnectionStrings:messaging"] = await Servers.CreateMessagingAsync(),
        ["Evidence:CheckpointFolder"] = _checkpoints.CreateSubdirectory(NewId().ToString("N")).FullName,
    };

    public static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    public HttpClient Visit(string? token = null)
    {
        var client = _host.CreateClient();
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Another process of the service.</summary>
    public static HttpClient VisitAt(Uri address, string token) => new()
    {
        BaseAddress = address,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    /// <summary>An auditor of the tenant.</summary>
    public HttpClient VisitAsAuditor(Guid tenant) => Visit(Tokens.User(NewId(), tenant, "audit:read"));

    public HttpClient VisitAsPlatform() => Visit(Tokens.User(NewId(), TestTokens.DefaultTenant, "audit:read", "platform:admin"));

    public Task PublishAsync<TEvent>(TEvent message)
        where TEvent : class, IIntegrationEvent => Services.GetRequiredService<IBus>().Publish(message);

    /// <summary>All lines that the auditor of the tenant sees, its own reading left out.</summary>
    public async Task<List<JsonElement>> LinesAsync(Guid tenant, string query = "")
    {
        using var auditor = VisitAsAuditor(tenant);
        var page = await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs?limit=1000{query}");
        return [.. page.GetProperty("items").EnumerateArray().Where(line => line.GetProperty("action").GetString() != "audit.read")];
    }

    public async Task<List<JsonElement>> WaitForLinesAsync(Guid tenant, int count)
    {
        List<JsonElement> lines = [];
        await Eventually.Async(async () => (lines = await LinesAsync(tenant)).Count >= count, TimeSpan.FromSeconds(20), $"{count} records of the tenant");
        return lines;
    }

    public async Task<long> CountAsync(Guid tenant)
    {
        await using var count = Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            "SELECT count(*) FROM audit_records WHERE tenant_id = $1 AND action <> 'audit.read'");
        count.Parameters.Add(new() { Value = tenant });
        return (long)(await count.ExecuteScalarAsync())!;
    }

    internal AuditDbContext Context(IServiceScope scope) => scope.ServiceProvider.GetRequiredService<AuditDbContext>();
}

internal static class RunningAuditSettings
{
    public static Dictionary<string, string?> With(this IReadOnlyDictionary<string, string?> settings, IReadOnlyDictionary<string, string> others)
    {
        var all = new Dictionary<string, string?>(settings, StringComparer.Ordinal);
        foreach (var (key, value) in others)
        {
            all[key] = value;
        }

        return all;
    }
}
