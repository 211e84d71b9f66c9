using System.Reflection;
using Microsoft.Extensions.Configuration;
using Platform.LocalEngine.Testing;

namespace Platform.LocalEngine.Running;

/// <summary>Collects the model for the local engine.</summary>
internal sealed class LocalApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly ResourceCollection _resources = [];
    private readonly Func<LocalApplicationBuilder, DistributedApplication> _build;

    public LocalApplicationBuilder(string[] args, EngineOptions? options, Func<LocalApplicationBuilder, DistributedApplication> build)
    {
        _build = build;
        Arguments = args;
        AppHostDirectory = Projects.AppHost.ProjectPath;
        Configuration = new ConfigurationManager();
        Configuration.AddEnvironmentVariables();
        Configuration.AddCommandLine(args);
        Options = options ?? (Configuration[SharedServersHost.Argument] is { } shared ? ForTestServers(shared) : ForRun());
        Configuration["DataFolder"] = Options.DataFolder; // the model may keep files beside the engine's, a test's in its own folder
        Secrets = new SecretStore(Path.Combine(Options.DataFolder, "secrets.json"));
    }

    public string[] Arguments { get; }

    public EngineOptions Options { get; }

    public SecretStore Secrets { get; }

    public ConfigurationManager Configuration { get; }

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly => typeof(LocalApplicationBuilder).Assembly;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new(DistributedApplicationOperation.Run);

    public IResourceCollection Resources => _resources;

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (_resources.Any(r => string.Equals(r.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DistributedApplicationException($"There is a resource '{resource.Name}' already. Names are unique, whatever their case.");
        }

        _resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build() => _build(this);

    private static EngineOptions ForTestServers(string folder) => new()
    {
        DataFolder = Path.Combine(folder, "data"),
        Temporary = true,
        RandomPorts = true,
        Durable = false,
        BrokerManagement = true,
        ServersOnly = true,
    };

    private EngineOptions ForRun() => new()
    {
        DataFolder = Configuration["DataFolder"] ?? Path.Combine(Path.GetDirectoryName(AppHostDirectory)!, ".platform"),
        Only = Configuration["Only"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
        OtlpEndpoint = Configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"],
        OtlpApiKey = Configuration["AppHost:OtlpApiKey"],
    };
}
