namespace Aspire.Hosting.ApplicationModel;

/// <summary>A server that Aspire runs as a container and the local engine as a native process.</summary>
public class ContainerResource : Resource, IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IComputeResource
{
    internal ContainerResource(string name)
        : base(name)
    {
    }
}
