using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace Platform.LocalEngine.Running;

/// <summary>A service: <c>dotnet Service.dll</c> in its project's folder, with the environment that Aspire would give it.</summary>
internal sealed class ProjectWorkload(ProjectResource project, int replica, ServiceEnvironment environment, ProcessSpawner spawner, HttpClient http) : Workload
{
    private readonly IProjectMetadata _metadata = project.Annotations.OfType<IProjectMetadata>().Single();
    private IReadOnlyDictionary<string, string> _environment = new Dictionary<string, string>();

    public override IReadOnlyDictionary<string, string> Environment => _environment;

    public override int FailureCode => ExitCodes.ServiceFailed;

    public override async Task<RunningWorkload> StartAsync(ConsoleLog log, CancellationToken cancellationToken)
    {
        var assembly = ((IBuiltProject)_metadata).AssemblyPath;
        if (!File.Exists(assembly))
        {
            throw new EngineFault(ExitCodes.ServiceFailed, $"'{project.Name}' is not built: {assembly} is missing. Build the AppHost, which builds every service.");
        }

        _environment = await environment.ForAsync(project, replica, cancellationToken);
        var arguments = project.Annotations.OfType<ArgumentsAnnotation>().SelectMany(a => a.Arguments).Select(a => a.ToString()!);
        return await spawner.StartAsync(
            new ProcessCommand(DotnetHost(), [assembly, .. arguments], Path.GetDirectoryName(_metadata.ProjectPath)!) { Environment = _environment },
            log);
    }

    public override async Task<string?> ProbeAsync(CancellationToken cancellationToken)
    {
        foreach (var check in project.Annotations.OfType<HttpHealthCheckAnnotation>())
        {
            var endpoint = Endpoint(check.EndpointName);
            var url = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{endpoint.AllocatedPorts[replica]}{check.Path}");
            try
            {
                using var response = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (response.StatusCode != (HttpStatusCode)check.StatusCode)
                {
                    return $"{check.Path} answers {(int)response.StatusCode}";
                }
            }
            catch (HttpRequestException e)
            {
                return $"{check.Path} is not reached: {e.Message}";
            }
        }

        return null;
    }

    public override void TakeOtherPorts()
    {
        foreach (var endpoint in project.Annotations.OfType<EndpointAnnotation>().Where(e => e.Port is null))
        {
            endpoint.AllocatedPorts[replica] = FreePorts.Next();
        }
    }

    private EndpointAnnotation Endpoint(string? name) =>
        project.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(e => name is null ? e.UriScheme == "http" : e.Name == name)
        ?? throw new EngineFault(ExitCodes.Usage, $"'{project.Name}' has a health check on an endpoint '{name}' that it does not have.");

    // The AppHost runs by its own executable, so the way to `dotnet` leads from the shared framework it loaded.
    private static string DotnetHost()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Path.Combine(root, "dotnet");
    }
}
