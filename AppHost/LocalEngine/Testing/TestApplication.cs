using System.Reflection;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Platform.LocalEngine.Mail;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Testing;

/// <summary>Faults, logs and mails: what a test may do to an application and Aspire's testing entry has no word for.</summary>
public static class TestApplication
{
    /// <summary>The model of <typeparamref name="TEntryPoint"/>'s assembly (<c>Projects.AppHost</c>), not started.</summary>
    public static IDistributedApplicationTestingBuilder Create<TEntryPoint>(TestApplicationOptions? options = null, params string[] args) =>
        Create(typeof(TEntryPoint), args, options ?? new TestApplicationOptions());

    /// <summary>Waits until every started resource is healthy.</summary>
    public static Task WaitAllHealthyAsync(this DistributedApplication app, CancellationToken cancellationToken = default) =>
        app.Engine.WaitAllHealthyAsync(cancellationToken);

    /// <summary>Waits until one resource is healthy; throws when it failed for good.</summary>
    public static Task WaitHealthyAsync(this DistributedApplication app, string resource, CancellationToken cancellationToken = default) =>
        app.Engine[resource].WaitHealthyAsync(cancellationToken);

    /// <summary>kill -9 of the resource with all its processes. The engine starts it again, unless it is held down.</summary>
    /// <param name="holdDown">Stay down until <see cref="StartResourceAsync"/>.</param>
    public static async Task KillAsync(this DistributedApplication app, string resource, bool holdDown = false)
    {
        var supervisor = app.Engine[resource];
        supervisor.Running.Kill();
        if (holdDown)
        {
            await supervisor.StopAsync(TimeSpan.Zero);
        }
    }

    /// <summary>SIGSTOP: it is there, and does not answer.</summary>
    public static void Suspend(this DistributedApplication app, string resource) => app.Engine[resource].Running.Suspend();

    /// <summary>SIGCONT.</summary>
    public static void Resume(this DistributedApplication app, string resource) => app.Engine[resource].Running.Resume();

    /// <summary>An orderly stop; it stays down until it is started again.</summary>
    public static Task StopResourceAsync(this DistributedApplication app, string resource) => app.Engine[resource].StopAsync(TimeSpan.FromSeconds(5));

    public static Task StartResourceAsync(this DistributedApplication app, string resource) => app.Engine[resource].StartAsync();

    /// <summary>The newest 2,000 lines of its output.</summary>
    public static ConsoleLog ConsoleOf(this DistributedApplication app, string resource) => app.Engine[resource].Log;

    public static int? ProcessIdOf(this DistributedApplication app, string resource) => app.Engine[resource].ProcessId;

    public static Mailbox Mailbox(this DistributedApplication app) => app.Engine.Mailbox;

    internal static IDistributedApplicationTestingBuilder Create(Type entryPoint, string[] args, TestApplicationOptions options)
    {
        var engine = new EngineOptions
        {
            DataFolder = options.DataFolder ?? Directory.CreateTempSubdirectory("platform-").FullName,
            Temporary = options.DataFolder is null,
            RandomPorts = true,
            Durable = options.Durable,
            BrokerManagement = options.BrokerManagement,
            OtlpEndpoint = options.OtlpEndpoint,
            Only = options.Only,
            Environment = options.Environment,
        };
        return new TestingBuilder(new EntryPoint(args, engine).Capture(entryPoint.Assembly));
    }

    private sealed class TestingBuilder(LocalApplicationBuilder model) : IDistributedApplicationTestingBuilder
    {
        public ConfigurationManager Configuration => model.Configuration;

        public string AppHostDirectory => model.AppHostDirectory;

        public Assembly? AppHostAssembly => model.AppHostAssembly;

        public DistributedApplicationExecutionContext ExecutionContext => model.ExecutionContext;

        public IResourceCollection Resources => model.Resources;

        public IResourceBuilder<T> AddResource<T>(T resource)
            where T : IResource => model.AddResource(resource);

        public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
            where T : IResource => model.CreateResourceBuilder(resource);

        public DistributedApplication Build() => model.Build();

        public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default) => Task.FromResult(model.Build());
    }
}
