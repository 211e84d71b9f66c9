using System.Globalization;
using System.Runtime.CompilerServices;
using Platform.LocalEngine.Mail;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Dashboard;

/// <summary>All that a dashboard shows and does. What leaves here is masked.</summary>
internal sealed class ResourceService(Engine engine, IResourceCollection model)
{
    // Starting services change their state many times a second; nobody reads faster than this.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);
    private readonly SecretMask _mask = new(model.OfType<ParameterResource>());

    public Mailbox Mailbox => engine.Mailbox;

    /// <summary>Every resource as it is now: those that run, their databases, and servers that the configuration replaced.</summary>
    public async Task<IReadOnlyList<ResourceSnapshot>> SnapshotsAsync(CancellationToken cancellationToken = default)
    {
        var snapshots = new List<ResourceSnapshot>();
        foreach (var supervisor in engine.Supervisors)
        {
            snapshots.Add(await SnapshotAsync(supervisor, cancellationToken));
        }

        snapshots.AddRange(model.OfType<PostgresDatabaseResource>().Select(Database).OfType<ResourceSnapshot>());
        snapshots.AddRange(model.Where(engine.IsExternal).Select(r => new ResourceSnapshot { Name = r.Name, Type = TypeOf(r), State = ResourceStates.External }));
        return snapshots;
    }

    /// <summary>The snapshots now, and again after every change.</summary>
    public async IAsyncEnumerable<IReadOnlyList<ResourceSnapshot>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var changed = engine.Changed.NextAsync(cancellationToken);
            yield return await SnapshotsAsync(cancellationToken);
            await changed;
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>Whether a resource of that name has a process or output of its own.</summary>
    public bool Runs(string resource) => engine.Supervisors.Any(s => s.Name == resource);

    /// <summary>The newest lines of a resource's output; <see cref="ConsoleLog.FollowAsync"/> goes on with those to come.</summary>
    public ConsoleLog ConsoleOf(string resource) => engine[resource].Log;

    public Task StartAsync(string resource) => engine[resource].StartAsync();

    public Task StopAsync(string resource) => engine[resource].StopAsync(StopGrace);

    public async Task RestartAsync(string resource)
    {
        await StopAsync(resource);
        await StartAsync(resource);
    }

    private async Task<ResourceSnapshot> SnapshotAsync(Supervisor supervisor, CancellationToken cancellationToken) => new()
    {
        Name = supervisor.Name,
        Type = TypeOf(supervisor.Resource),
        State = supervisor.State,
        IsHealthy = supervisor.IsHealthy,
        Problem = supervisor.Problem,
        WaitsFor = [.. supervisor.WaitsFor.Select(w => w.Name)],
        Endpoints = [.. supervisor.Resource.Annotations.OfType<EndpointAnnotation>().Select(e => Endpoint(e, supervisor.Replica))],
        Environment = await _mask.MaskAsync(supervisor.Workload.Environment, cancellationToken),
        ProcessId = supervisor.ProcessId,
        StartedAt = supervisor.StartedAt,
        TimeToReady = supervisor.TimeToReady,
        Restarts = supervisor.Restarts,
    };

    // A database has no process; it is what its server is.
    private ResourceSnapshot? Database(PostgresDatabaseResource database) =>
        engine.Supervisors.FirstOrDefault(s => s.Resource == database.Parent) is { } server
            ? new ResourceSnapshot
            {
                Name = database.Name,
                Type = TypeOf(database),
                State = server.State,
                IsHealthy = server.IsHealthy,
                Parent = server.Name,
            }
            : null;

    private static EndpointSnapshot Endpoint(EndpointAnnotation endpoint, int replica) => new(
        endpoint.Name,
        string.Create(CultureInfo.InvariantCulture, $"{endpoint.UriScheme}://localhost:{endpoint.AllocatedPorts[replica]}"),
        endpoint.IsExternal);

    private static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => "Project",
        PostgresServerResource => "PostgreSQL",
        PostgresDatabaseResource => "Database",
        RedisResource => "Redis",
        RabbitMQServerResource => "RabbitMQ",
        MailPitContainerResource => "Mail catcher",
        _ => resource.GetType().Name,
    };
}
