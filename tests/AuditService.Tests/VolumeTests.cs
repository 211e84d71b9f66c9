using System.Diagnostics;
using System.Globalization;
using System.Text;
using AuditService.Data;
using AuditService.Reading;
using AuditService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Data;

namespace AuditService.Tests;

/// <summary>
/// A log of many records, tenants and days. <c>AUDIT_VOLUME</c> sets the number of records (200,000 unless given); with a
/// million it is the measurement of row A2, printed by <c>dotnet test --logger "console;verbosity=detailed"</c>.
/// </summary>
public sealed class VolumeTests(RunningAudit audit, LargeLog log) : IClassFixture<LargeLog>
{
    public static TheoryData<string, bool> Questions => new()
    {
        { "", false },
        { "", true },
        { "userId=user-77", false },
        { "action=action.13", false },
        { "action=action.13", true },
        { "action=api.request", false },
        { "resourceType=type-3", false },
        { "resourceType=type-3&resourceId=thing-4242", true },
        { "resourceId=thing-4242", true },
        { "severity=critical", false },
        { "severity=critical", true },
        { "severity=info", false },
        { "result=denied", false },
        { "result=success", true },
        { "address=10.0.3.7", false },
        { "traceId=trace-4242", false },
        { "text=word4242", false },
        { "text=common", false },
        { "text=common%20word4242", true },
        { "from-days=3&to-days=2", false },
        { "action=action.13&result=denied&from-days=20", true },
        { "cursor-days=15", false },
    };

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task Page_OfAnyQuestion_ReadsNoPartitionFromEndToEnd(string question, bool platform)
    {
        await using var scope = log.Services.CreateAsyncScope();
        var tenants = scope.ServiceProvider.GetRequiredService<TenantScope>();
        if (platform)
        {
            tenants.EnterAll();
        }
        else
        {
            tenants.Enter(LargeLog.Tenant);
        }

        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        var filter = await LargeLog.Filter(question).ApplyAsync(database.Records, log.Services.GetRequiredService<FrequentWords>(), default);
        var query = ListRecords.Lines(filter, 50);
        var plan = await ExplainAsync(query.CreateDbCommand());
        AssertByIndex(plan);

        await query.ToListAsync();
        var start = Stopwatch.GetTimestamp();
        var rows = await query.ToListAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{(platform ? "platform" : "tenant")} {question}: {rows.Count} rows in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0.0} ms");
        Assert.NotEmpty(rows);
        Assert.NotNull(audit);
    }

    [Fact]
    public async Task Search_RareAndCommonWord_LooksUpTheRareOneAlone()
    {
        await using var scope = log.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        var common = log.Services.GetRequiredService<FrequentWords>();
        Assert.Equal(["comm"], await common.AmongAsync(["comm", "word4242"], default));
        var filter = await new RecordFilter { Text = "comm word4242" }.ApplyAsync(database.Records, common, default);
        var plan = await ExplainAsync(ListRecords.Lines(filter, 50).CreateDbCommand());
        Assert.Contains("Index Cond: (search @@ '''word4242'':*'", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Index Cond: (search @@ '''comm", plan, StringComparison.Ordinal);
        Assert.NotEmpty(await ListRecords.Lines(filter, 50).ToListAsync());
        var nothing = await new RecordFilter { Text = "common word4242 user1 user2" }.ApplyAsync(database.Records, common, default);
        Assert.Empty(await ListRecords.Lines(nothing, 50).ToListAsync());
    }

    [Fact]
    public async Task Show_OneRecord_FoundByIdAlone()
    {
        await using var scope = log.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<AuditDbContext>();
        var id = await database.Records.Select(row => row.Id).FirstAsync();
        var plan = await ExplainAsync(database.Records.Where(row => row.Id == id).CreateDbCommand());
        AssertByIndex(plan);
    }

    // The days ahead are empty, and an empty table is read as it is. Today and the first day may be nearly so.
    private static void AssertByIndex(string plan)
    {
        var today = TimeProvider.System.GetUtcNow();
        var full = Enumerable.Range(1, LargeLog.Days - 1)
            .Select(ago => today.AddDays(-ago).ToString("yyyyMMdd", CultureInfo.InvariantCulture))
            .ToList();
        Assert.Contains(full, day => plan.Contains($"on audit_records_{day}", StringComparison.Ordinal));
        Assert.DoesNotContain(full, day => plan.Contains($"Seq Scan on audit_records_{day}", StringComparison.Ordinal));
    }

    private static async Task<string> ExplainAsync(System.Data.Common.DbCommand command)
    {
        await using var explained = command;
        explained.CommandText = $"EXPLAIN {explained.CommandText}";
        if (explained.Connection!.State != System.Data.ConnectionState.Open)
        {
            await explained.Connection.OpenAsync();
        }

        var plan = new StringBuilder();
        await using var reader = await explained.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            plan.AppendLine(reader.GetString(0));
        }

        return plan.ToString();
    }
}
