using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;
using NotificationService.Data;
using NotificationService.Tests.Support;

namespace NotificationService.Tests;

public sealed class MigratingTests(RunningNotifications running)
{
    [Fact]
    public async Task Migrate_BackAndForth_LeavesNothingAndWorksAgain()
    {
        await using var source = NpgsqlDataSource.Create(await running.Servers.CreateDatabaseAsync("notify"));
        var options = new DbContextOptionsBuilder<NotificationDbContext>()
            .UseNpgsql(source, postgres => postgres.MigrationsHistoryTable("migrations")).Options;
        await using var context = new NotificationDbContext(options, new());
        await context.Database.MigrateAsync();
        await context.GetService<IMigrator>().MigrateAsync("0");
        await using var left = source.CreateCommand(
            """
            SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations')
                + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)
            """);
        Assert.Equal(0L, await left.ExecuteScalarAsync());
        await context.Database.MigrateAsync();
        Assert.Equal(0, await context.Notifications.CountAsync());
        Assert.False(context.Database.HasPendingModelChanges());
    }
}
