using Aspire.Hosting;
using Aspire.Hosting.Testing;
using AppHost.Tests.Support;
using Npgsql;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace AppHost.Tests;

public sealed class NativeServersTests
{
    [Fact]
    public async Task Servers_KilledWhileRunning_ComeBackWithTheirDataOnTheSamePorts()
    {
        var builder = TestModel.Create(TestModel.Options() with { Durable = true });
        var postgres = builder.AddPostgres("postgres").WithDataVolume();
        postgres.AddDatabase("ordersdb");
        builder.AddRedis("redis").WithDataVolume();
        builder.AddRabbitMQ("messaging").WithDataVolume();
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());
        var connectionString = (await app.GetConnectionStringAsync("ordersdb"))!;
        await ExecuteAsync(connectionString, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)");
        string[] servers = ["postgres", "redis", "messaging"];
        var before = servers.Select(app.ProcessIdOf).ToList();

        foreach (var server in servers)
        {
            await app.KillAsync(server);
        }

        await Eventually.Async(() => servers.All(s => app.Engine[s] is { IsHealthy: true, Restarts: 1 }), SampleModel.Patience);
        Assert.Empty(before.Intersect(servers.Select(app.ProcessIdOf)));
        Assert.Equal(7, await ExecuteAsync(connectionString, "SELECT id FROM kept"));
    }

    [Fact]
    public async Task Postgres_StoppedByTheTest_StaysDownUntilStarted()
    {
        var builder = TestModel.Create();
        builder.AddPostgres("postgres").AddDatabase("ordersdb");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());
        var connectionString = (await app.GetConnectionStringAsync("ordersdb"))!;

        await app.KillAsync("postgres", holdDown: true);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(connectionString, "SELECT 1"));

        await app.StartResourceAsync("postgres");
        await app.WaitHealthyAsync("postgres", SampleModel.Deadline());
        Assert.Equal(1, await ExecuteAsync(connectionString, "SELECT 1"));
    }

    [Fact]
    public async Task TwoInstances_OfTheSameModel_DoNotMeet()
    {
        await using var first = await StartRedisAsync();
        await using var second = await StartRedisAsync();

        Assert.NotEqual(await first.GetConnectionStringAsync("redis"), await second.GetConnectionStringAsync("redis"));
        Assert.NotEqual(first.Engine.Options.DataFolder, second.Engine.Options.DataFolder);
    }

    [Fact]
    public async Task Application_Disposed_LeavesNoFolder()
    {
        var app = await StartRedisAsync();
        var folder = app.Engine.Options.DataFolder;
        Assert.True(Directory.Exists(folder));

        await app.DisposeAsync();

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task ModelOfTheAppHost_ServersOnly_IsWhatProgramDeclares()
    {
        var builder = TestApplication.Create<Projects.AppHost>(new TestApplicationOptions { Only = ["redis", "mail"] });
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        Assert.Equal(["redis", "mail"], app.Engine.Supervisors.Select(s => s.Name));
        Assert.Matches("^Endpoint=smtp://127.0.0.1:[0-9]+$", await app.GetConnectionStringAsync("mail"));
        Assert.Superset(
            new HashSet<string> { "identity", "audit", "notification", "device", "gateway" },
            builder.Resources.Select(r => r.Name).ToHashSet());
    }

    private static async Task<DistributedApplication> StartRedisAsync()
    {
        var builder = TestModel.Create();
        builder.AddRedis("redis");
        var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());
        return app;
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
