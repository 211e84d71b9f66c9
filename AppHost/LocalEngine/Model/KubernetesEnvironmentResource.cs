namespace Aspire.Hosting.Kubernetes;

/// <summary>Where the model is published to; it takes no part in a run.</summary>
public sealed class KubernetesEnvironmentResource(string name) : Resource(name);
