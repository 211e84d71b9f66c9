namespace Platform.LocalEngine.Running;

/// <summary>Gives every endpoint its port: the one the model fixes, else a free one.</summary>
internal static class EndpointPorts
{
    public static void Allocate(IResource resource, int replicas, bool randomPorts)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            // There is no proxy in front, so a fixed port is the first replica's.
            endpoint.AllocatedPorts = [.. Enumerable.Range(0, replicas).Select(i => i == 0 && !randomPorts && endpoint.Port is { } port ? port : FreePorts.Next())];
        }
    }

    /// <summary>Before anything starts: a run that cannot have its ports should fail at once, not after half a minute.</summary>
    public static void Require(IEnumerable<IResource> resources)
    {
        foreach (var resource in resources)
        {
            foreach (var port in resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.Port is not null).SelectMany(e => e.AllocatedPorts))
            {
                RequireFree(port, resource.Name);
            }
        }
    }

    public static void RequireFree(int port, string owner)
    {
        if (!FreePorts.IsFree(port))
        {
            throw new EngineFault(
                ExitCodes.PortInUse,
                $"Port {port}, which '{owner}' needs, is in use by another program. Find it with `{(OperatingSystem.IsMacOS() ? $"lsof -i :{port}" : $"ss -ltnp 'sport = :{port}'")}`, stop it, and start again.");
        }
    }
}
