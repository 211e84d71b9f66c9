using System.Reflection;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Platform.LocalEngine.Running;

namespace AppHost.Tests.Support;

/// <summary>The sample as Projects.SampleService would be, if it belonged to the AppHost.</summary>
internal sealed class SampleService : IProjectMetadata, IBuiltProject
{
    public string ProjectPath => AssemblyPath;

    public string AssemblyPath => typeof(SampleService).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "SampleService").Value!;
}

internal static class SampleModel
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static IResourceBuilder<ProjectResource> AddSample(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddProject<SampleService>(name).WithHttpEndpoint().WithHttpHealthCheck("/ready");

    public static CancellationToken Deadline() => new CancellationTokenSource(Patience).Token;
}
