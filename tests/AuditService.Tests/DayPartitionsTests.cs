using System.Globalization;
using AuditService.Data;
using AuditService.Tests.Support;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AuditService.Tests;

public sealed class DayPartitionsTests(RunningAudit audit)
{
    [Fact]
    public async Task Start_WithAnEmptyLog_MakesYesterdayToAWeekAhead()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using var host = audit.Host(settings);
        var today = TimeProvider.System.GetUtcNow();
        Assert.Equal(
            Enumerable.Range(-1, 9).Select(day => $"audit_records_{today.AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture)}").Append("audit_records_default"),
            await PartitionsAsync(host.Services.GetRequiredService<NpgsqlDataSource>()));
    }

    [Fact]
    public async Task Start_WithStrayRows_MovesThemToDaysOfTheirOwnWhileOthersWrite()
    {
        var tenant = RunningAudit.NewId();
        var now = TimeProvider.System.GetUtcNow();
        var settings = await audit.SettingsOfItsOwnAsync();
        await using var first = audit.Host(settings);
        var database = first.Services.GetRequiredService<NpgsqlDataSource>();
        await using var publisher = await Publisher.ConnectAsync(settings["ConnectionStrings:messaging"]);
        await first.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(30));

        // Late by ten days, and from a clock that is years ahead.
        await publisher.PublishAsync([Told.Record(tenant, at: now.AddDays(-10)), Told.Record(tenant, at: now.AddYears(3))]);
        await Eventually.Async(async () => await CountAsync(database, "audit_records_default") == 2, TimeSpan.FromSeconds(20));

        var writing = publisher.PublishAsync(Enumerable.Range(0, 300).Select(_ => Told.Record(tenant)));
        await using var second = audit.Host(settings);
        Assert.NotNull(second.Services);
        await writing;

        var day = $"audit_records_{now.AddDays(-10).ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";
        Assert.Contains(day, await PartitionsAsync(database));
        Assert.Equal(1, await CountAsync(database, day));
        Assert.Equal(1, await CountAsync(database, "audit_records_default"));
        await Eventually.Async(async () => await CountAsync(database, "audit_records") == 302, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Migrate_BackAndForth_LeavesNothingAndWorksAgain()
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        await using (var host = audit.Host(settings))
        {
            Assert.NotNull(host.Services);
        }

        await using var source = NpgsqlDataSource.Create(settings["ConnectionStrings:auditdb"]);
        var options = new DbContextOptionsBuilder<AuditDbContext>()
            .UseNpgsql(source, postgres => postgres.MigrationsHistoryTable("migrations")).Options;
        await using var context = new AuditDbContext(options, new());
        await context.GetService<IMigrator>().MigrateAsync("0");
        await using var left = source.CreateCommand(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'");
        Assert.Equal(0L, await left.ExecuteScalarAsync());
        await context.Database.MigrateAsync();
        Assert.Equal(0, await context.Records.CountAsync());
    }

    private static async Task<List<string>> PartitionsAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_records'::regclass ORDER BY name");
        await using var reader = await command.ExecuteReaderAsync();
        List<string> names = [];
        while (await reader.ReadAsync())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database, string table)
    {
        await using var command = database.CreateCommand($"SELECT count(*) FROM {table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
