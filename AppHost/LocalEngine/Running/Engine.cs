using Microsoft.Extensions.Configuration;
using Platform.LocalEngine.Dashboard;
using Platform.LocalEngine.Mail;
using Platform.LocalEngine.Servers;

namespace Platform.LocalEngine.Running;

/// <summary>Runs a model: what starts when, and what ends when.</summary>
internal sealed class Engine : IAsyncDisposable
{
    // Ctrl-C ends everything within ten seconds: three levels (gateway, services, servers) share nine of them.
    private static readonly TimeSpan StopBudget = TimeSpan.FromSeconds(9);
    private static readonly TimeSpan StopPerLevel = TimeSpan.FromSeconds(5);
    private readonly LocalApplicationBuilder _model;
    private readonly TimeProvider _time;
    private readonly DataFolder _folder;
    private readonly ProcessSpawner _spawner = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(3) };
    private readonly ServerPrograms _programs;
    private readonly List<Supervisor> _supervisors = [];

    public Engine(LocalApplicationBuilder model, EngineOptions options, TimeProvider time)
    {
        (_model, Options, _time) = (model, options, time);
        _programs = new ServerPrograms(model.Configuration);
        _folder = DataFolder.Open(options.DataFolder, options.Temporary);
        Resources = new ResourceService(this, model.Resources);
        Telemetry = options.OtlpEndpoint is { } endpoint ? new OtlpTarget(endpoint, options.OtlpApiKey) : null;
        Plan();
    }

    public EngineOptions Options { get; }

    public Mailbox Mailbox { get; } = new();

    public IReadOnlyList<Supervisor> Supervisors => _supervisors;

    /// <summary>Raised at every change of any resource.</summary>
    public ChangeSignal Changed { get; } = new();

    public RabbitMQServer? Broker => _supervisors.Select(s => s.Workload).OfType<RabbitMQServer>().FirstOrDefault();

    public ResourceService Resources { get; }

    /// <summary>Where the services send their telemetry; to be called before <see cref="StartAsync"/>.</summary>
    public OtlpTarget? Telemetry { get; set; }

    /// <summary>Says what it does before anything runs, as installing servers.</summary>
    public Action<string> Say { get; set; } = _ => { };

    public Supervisor this[string name] =>
        _supervisors.FirstOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"No resource '{name}' runs here. There are: {string.Join(", ", _supervisors.Select(s => s.Name))}.", nameof(name));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        EndpointPorts.Require(_supervisors.Select(s => s.Resource).Distinct());
        await new ServerInstaller(_programs, Say).EnsureAsync(
            [.. _supervisors.Select(s => KindOf(s.Resource)).OfType<ServerKind>().Distinct()], cancellationToken);
        foreach (var supervisor in _supervisors)
        {
            await supervisor.StartAsync();
        }
    }

    /// <summary>Until all are healthy; throws the first fault that makes this impossible.</summary>
    public Task WaitAllHealthyAsync(CancellationToken cancellationToken) => Changed.WaitUntilAsync(
        () => _supervisors.FirstOrDefault(s => s.Fault is not null)?.Fault is { } fault ? throw fault : _supervisors.All(s => s.IsHealthy),
        cancellationToken);

    /// <summary>Those first that nobody waits for any more; servers last.</summary>
    public async Task StopAsync()
    {
        var began = _time.GetTimestamp();
        var left = _supervisors.ToList();
        while (left.Count > 0)
        {
            var level = left.Where(s => !left.Any(other => other.WaitsFor.Contains(s))).ToList();
            var rest = StopBudget - _time.GetElapsedTime(began);
            var grace = rest < TimeSpan.Zero ? TimeSpan.Zero : rest < StopPerLevel ? rest : StopPerLevel;
            await Task.WhenAll(level.Select(s => s.StopAsync(grace)));
            left.RemoveAll(level.Contains);
        }
    }

    /// <summary>The last resort of an impatient user: no farewells.</summary>
    public void KillAll()
    {
        foreach (var pid in _supervisors.Select(s => s.ProcessId).OfType<int>())
        {
            ProcessTree.Signal(pid, Posix.KillNow);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _spawner.Dispose();
        _http.Dispose();
        _supervisors.ForEach(s => s.Dispose());
        _folder.Dispose();
    }

    private void Plan()
    {
        foreach (var unknown in Options.Only.Where(name => _model.Resources.All(r => r.Name != name)))
        {
            throw new EngineFault(ExitCodes.Usage, $"There is no resource '{unknown}' to start. There are: {string.Join(", ", _model.Resources.Where(r => r is ContainerResource or ProjectResource).Select(r => r.Name))}.");
        }

        var environment = new ServiceEnvironment(Options, () => Telemetry, _model.ExecutionContext, _model.Configuration["DOTNET_ENVIRONMENT"] ?? "Development");
        var byResource = new Dictionary<IResource, List<Supervisor>>();
        foreach (var resource in StartOrder.Of(_model.Resources).Where(Runs))
        {
            var replicas = resource.Annotations.OfType<ReplicaAnnotation>().LastOrDefault()?.Replicas ?? 1;
            EndpointPorts.Allocate(resource, replicas, Options.RandomPorts);
            var waitsFor = StartOrder.DependenciesOf(resource).SelectMany(d => byResource.GetValueOrDefault(d) ?? []).ToList();
            byResource[resource] = [.. Enumerable.Range(0, replicas).Select(replica => Supervise(resource, replica, replicas, environment, waitsFor))];
        }
    }

    private Supervisor Supervise(IResource resource, int replica, int replicas, ServiceEnvironment environment, List<Supervisor> waitsFor)
    {
        var name = replicas == 1 ? resource.Name : $"{resource.Name}-{replica + 1}";
        Workload workload = resource switch
        {
            PostgresServerResource postgres => new PostgresServer(postgres, DataOf(postgres), Options, _programs, _spawner),
            RedisResource redis => new RedisServer(redis, DataOf(redis), Options, _programs, _spawner),
            RabbitMQServerResource broker => new RabbitMQServer(broker, DataOf(broker), Options, _programs, _spawner),
            MailPitContainerResource mail => new MailWorkload(mail, Mailbox, _time),
            ProjectResource project => new ProjectWorkload(project, replica, environment, _spawner, _http),
            _ => throw new EngineFault(ExitCodes.Usage, $"The local engine cannot run '{resource.Name}' ({resource.GetType().Name})."),
        };
        var supervisor = new Supervisor(name, resource, replica, workload, waitsFor, Changed, _time);
        _supervisors.Add(supervisor);
        return supervisor;
    }

    private string DataOf(ContainerResource resource) =>
        resource.Annotations.OfType<DataVolumeAnnotation>().Any(v => v.IsReadOnly)
            ? throw new EngineFault(ExitCodes.Usage, $"The data volume of '{resource.Name}' is read-only, which the local engine does not offer.")
            : _folder.ForServer(resource.Name);

    // Not what only takes part in publishing, nor a server that the configuration replaces by one of the user's own.
    private bool Runs(IResource resource) =>
        (resource is ContainerResource || (resource is ProjectResource && !Options.ServersOnly))
        && (Options.Only.Count == 0 || Options.Only.Contains(resource.Name))
        && !IsExternal(resource);

    public bool IsExternal(IResource resource) => resource switch
    {
        PostgresServerResource { Databases.Count: > 0 } postgres => postgres.Databases.Keys.All(IsConfigured),
        IResourceWithConnectionString => IsConfigured(resource.Name),
        _ => false,
    };

    private bool IsConfigured(string name) => !string.IsNullOrEmpty(_model.Configuration.GetConnectionString(name));

    private static ServerKind? KindOf(IResource resource) => resource switch
    {
        PostgresServerResource => ServerKind.Postgres,
        RedisResource => ServerKind.Redis,
        RabbitMQServerResource => ServerKind.RabbitMQ,
        _ => null,
    };
}
