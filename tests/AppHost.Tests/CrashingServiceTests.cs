using Aspire.Hosting;
using AppHost.Tests.Support;
using Platform.LocalEngine.Running;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace AppHost.Tests;

public sealed class CrashingServiceTests
{
    [Fact]
    public async Task Service_CrashingAtEveryStart_FailsWithItsLastWords()
    {
        var builder = TestModel.Create();
        var crashing = builder.AddSample("crashing").WithEnvironment("SAMPLE_CRASH", "no such table: users");
        builder.AddSample("dependent").WaitFor(crashing);
        await using var app = builder.Build();
        await app.StartAsync();

        var fault = await Assert.ThrowsAsync<EngineFault>(() => app.WaitAllHealthyAsync(SampleModel.Deadline()));

        Assert.Equal(ExitCodes.ServiceFailed, fault.ExitCode);
        Assert.Contains("'crashing' ended 5 times in a row, last with exit code 42", fault.Message, StringComparison.Ordinal);
        Assert.Contains("no such table: users", fault.Message, StringComparison.Ordinal);
        Assert.Equal(ResourceStates.FailedToStart, app.Engine["crashing"].State);
        Assert.Equal(ResourceStates.Waiting, app.Engine["dependent"].State);
    }

    [Fact]
    public async Task Service_Killed_ComesBackOnTheSamePort()
    {
        var builder = TestModel.Create();
        builder.AddSample("service");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());
        var (before, port) = (app.ProcessIdOf("service"), app.Engine["service"].Workload.Environment["ASPNETCORE_URLS"]);

        await app.KillAsync("service");

        await Eventually.Async(() => app.Engine["service"] is { IsHealthy: true, Restarts: 1 }, SampleModel.Patience);
        Assert.NotEqual(before, app.ProcessIdOf("service"));
        Assert.Equal(port, app.Engine["service"].Workload.Environment["ASPNETCORE_URLS"]);
    }

    [Fact]
    public async Task Service_Suspended_IsUnhealthyUntilResumed()
    {
        var builder = TestModel.Create();
        builder.AddSample("service");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        app.Suspend("service");
        await Eventually.Async(() => !app.Engine["service"].IsHealthy, SampleModel.Patience);

        app.Resume("service");
        await Eventually.Async(() => app.Engine["service"].IsHealthy, SampleModel.Patience);
        Assert.Equal(0, app.Engine["service"].Restarts);
    }

    [Fact]
    public void RestartPolicy_Crashes_WaitLongerEachTimeUntilProvenHealthy()
    {
        var policy = new RestartPolicy();

        double[] waits = [.. Enumerable.Range(0, 4).Select(_ => policy.Crashed(null).TotalSeconds)];
        Assert.Equal([0.5, 1, 2, 4], waits);
        Assert.False(policy.IsExhausted);

        policy.Crashed(TimeSpan.FromMinutes(1));
        Assert.Equal(1, policy.Crashes);
    }
}
