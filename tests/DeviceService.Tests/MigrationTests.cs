using DeviceService.Data;
using DeviceService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;
using ServiceDefaults.Data;

namespace DeviceService.Tests;

public sealed class MigrationTests(DeviceApi api)
{
    [Fact]
    public async Task Migrations_ForwardBackAndForward_LeaveNothingBehind()
    {
        await using var source = NpgsqlDataSource.Create(await api.Servers.CreateDatabaseAsync("migration"));
        var options = new DbContextOptionsBuilder<DeviceDbContext>()
            .UseNpgsql(source, postgres => postgres.MigrationsHistoryTable("migrations")).Options;
        await using var database = new DeviceDbContext(options, new TenantScope());
        var migrator = database.GetService<IMigrator>();

        await migrator.MigrateAsync();
        Assert.Contains("device_signals", await TablesAsync(source));
        await migrator.MigrateAsync(Migration.InitialDatabase);
        Assert.Equal(["migrations"], await TablesAsync(source));
        await migrator.MigrateAsync();

        Assert.False(database.Database.HasPendingModelChanges());
    }

    private static async Task<List<string>> TablesAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1");
        await using var rows = await command.ExecuteReaderAsync();
        List<string> tables = [];
        while (await rows.ReadAsync())
        {
            tables.Add(rows.GetString(0));
        }

        return tables;
    }
}
