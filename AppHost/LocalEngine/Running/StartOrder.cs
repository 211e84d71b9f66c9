namespace Platform.LocalEngine.Running;

/// <summary>The model as a graph of who waits for whom.</summary>
internal static class StartOrder
{
    /// <summary>What must be healthy first. A database is as healthy as its server, which makes it before it counts as ready.</summary>
    public static IEnumerable<IResource> DependenciesOf(IResource resource) =>
        resource.Annotations.OfType<WaitAnnotation>().Select(w => w.Dependency is IResourceWithParent child ? child.Parent : w.Dependency).Distinct();

    /// <summary>Every resource behind those it waits for.</summary>
    public static IReadOnlyList<IResource> Of(IEnumerable<IResource> resources)
    {
        var order = new List<IResource>();
        var open = new HashSet<IResource>();
        foreach (var resource in resources)
        {
            Visit(resource);
        }

        return order;

        void Visit(IResource resource)
        {
            if (order.Contains(resource))
            {
                return;
            }

            if (!open.Add(resource))
            {
                throw new EngineFault(ExitCodes.Usage, $"'{resource.Name}' waits for itself by way of {string.Join(", ", open.Select(r => r.Name))}. Take one WaitFor out.");
            }

            foreach (var dependency in DependenciesOf(resource))
            {
                Visit(dependency);
            }

            open.Remove(resource);
            order.Add(resource);
        }
    }
}
