using Aspire.Hosting;
using AppHost.Tests.Support;
using Platform.LocalEngine.Running;
using Platform.LocalEngine.Testing;

namespace AppHost.Tests;

public sealed class ResourceServiceTests
{
    [Fact]
    public async Task Snapshot_EnvironmentWithSecrets_MasksEveryOne()
    {
        var builder = TestModel.Create(null, "--ConnectionStrings:theirs=amqp://user:their-secret@elsewhere:5672");
        var parameter = builder.AddParameter("key", "the-secret-value", secret: true);
        var theirs = builder.AddRabbitMQ("theirs");
        builder.AddSample("service")
            .WithReference(theirs)
            .WithEnvironment("Innocent", $"prefix {parameter} suffix")
            .WithEnvironment("Administrator__Password", "typed in")
            .WithEnvironment("Plain", "shown");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        var snapshot = (await app.Engine.Resources.SnapshotsAsync()).Single(s => s.Name == "service");

        Assert.Equal("shown", snapshot.Environment["Plain"]);
        Assert.Equal("prefix ******** suffix", snapshot.Environment["Innocent"]);
        Assert.Equal("********", snapshot.Environment["Administrator__Password"]);
        Assert.Equal("amqp://user:********@elsewhere:5672", snapshot.Environment["ConnectionStrings__theirs"]);
        Assert.True(snapshot is { State: ResourceStates.Running, IsHealthy: true, Restarts: 0, ProcessId: > 0, TimeToReady: not null });
    }

    [Fact]
    public async Task StopStartRestart_ByName_AreSeenByWhoWatches()
    {
        var builder = TestModel.Create();
        builder.AddSample("service");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());
        var first = app.ProcessIdOf("service");
        var resources = app.Engine.Resources;

        var seen = SeeAsync(s => s.State == ResourceStates.Exited);
        await resources.StopAsync("service");
        await seen;
        Assert.Null(app.ProcessIdOf("service"));

        await resources.StartAsync("service");
        await SeeAsync(s => s.IsHealthy);
        await resources.RestartAsync("service");
        await SeeAsync(s => s.IsHealthy);
        Assert.NotEqual(first, app.ProcessIdOf("service"));

        async Task SeeAsync(Func<ResourceSnapshot, bool> what)
        {
            await foreach (var snapshots in resources.WatchAsync(SampleModel.Deadline()))
            {
                if (snapshots.Any(what))
                {
                    return;
                }
            }
        }
    }

    [Fact]
    public async Task Console_Followed_GivesTheOldLinesAndTheNew()
    {
        var log = new ConsoleLog(TimeProvider.System);
        log.Append("old");
        var lines = new List<string>();
        await foreach (var line in log.FollowAsync(SampleModel.Deadline()))
        {
            lines.Add(line.Text);
            if (lines.Count == 1)
            {
                log.Append("\u001b[31mnew\u001b[0m");
            }
            else
            {
                break;
            }
        }

        Assert.Equal(["old", "new"], lines);
    }
}
