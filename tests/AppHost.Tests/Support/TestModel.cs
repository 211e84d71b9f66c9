using Aspire.Hosting;
using Platform.LocalEngine.Running;

namespace AppHost.Tests.Support;

/// <summary>A model of the test's own, on free ports, in a folder that goes at the end.</summary>
internal static class TestModel
{
    public static LocalApplicationBuilder Create(EngineOptions? options = null, params string[] args) => new(
        args,
        options ?? Options(),
        builder => new DistributedApplication(builder));

    public static EngineOptions Options() => new()
    {
        DataFolder = Directory.CreateTempSubdirectory("engine-test-").FullName,
        Temporary = true,
        RandomPorts = true,
        Durable = false,
    };
}
