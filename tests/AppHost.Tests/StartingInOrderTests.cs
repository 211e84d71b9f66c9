using Aspire.Hosting;
using AppHost.Tests.Support;
using Platform.LocalEngine.Running;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace AppHost.Tests;

public sealed class StartingInOrderTests
{
    [Fact]
    public async Task WaitFor_DependencyNotHealthy_HoldsTheDependentBack()
    {
        var notReady = Path.GetTempFileName();
        var builder = TestModel.Create();
        var first = builder.AddSample("first").WithEnvironment("SAMPLE_NOT_READY_WHILE", notReady);
        builder.AddSample("second").WaitFor(first);
        await using var app = builder.Build();

        await app.StartAsync();
        await Eventually.Async(() => app.Engine["first"].Problem == "/ready answers 503", SampleModel.Patience);
        Assert.Equal(ResourceStates.Waiting, app.Engine["second"].State);
        Assert.Null(app.ProcessIdOf("second"));

        File.Delete(notReady);
        await app.WaitAllHealthyAsync(SampleModel.Deadline());
        Assert.True(app.Engine["second"].StartedAt > app.Engine["first"].StartedAt);
    }

    [Fact]
    public async Task Replicas_EachHasPortsOfItsOwn_AndWhoRefersSeesAll()
    {
        var builder = TestModel.Create();
        var twice = builder.AddSample("twice").WithReplicas(2);
        builder.AddSample("user").WithReference(twice).WaitFor(twice);
        await using var app = builder.Build();

        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        var environment = app.Engine["user"].Workload.Environment;
        Assert.NotEqual(environment["services__twice__http__0"], environment["services__twice__http__1"]);
        Assert.NotEqual(app.ProcessIdOf("twice-1"), app.ProcessIdOf("twice-2"));
    }

    [Fact]
    public void WaitFor_InACircle_IsRefusedByName()
    {
        var builder = TestModel.Create();
        var first = builder.AddSample("first");
        var second = builder.AddSample("second").WaitFor(first);
        first.WaitFor(second);

        var fault = Assert.Throws<EngineFault>(() => builder.Build().Engine);

        Assert.Equal(ExitCodes.Usage, fault.ExitCode);
        Assert.Contains("first", fault.Message, StringComparison.Ordinal);
    }
}
