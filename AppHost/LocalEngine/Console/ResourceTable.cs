using System.Globalization;
using Platform.LocalEngine.Running;
using Spectre.Console;

namespace Platform.LocalEngine.Console;

/// <summary>The resources as a table, and one of them as a line where there is no terminal.</summary>
internal static class ResourceTable
{
    public static Table Of(Engine engine)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in (string[])["Resource", "State", "Address", "Ready after"])
        {
            table.AddColumn(column);
        }

        foreach (var resource in engine.Supervisors)
        {
            table.AddRow(
                Markup.Escape(resource.Name),
                $"[{Colour(resource)}]{Markup.Escape(State(resource))}[/]",
                Markup.Escape(Address(resource)),
                Ready(resource));
        }

        return table;
    }

    public static string Line(Supervisor resource)
    {
        var text = $"{resource.Name,-14} {State(resource)}";
        return resource.IsHealthy ? $"{text,-30} {Address(resource)} ({Ready(resource)})"
            : resource.Problem is { } problem ? $"{text}: {problem}" : text;
    }

    private static string State(Supervisor resource) =>
        resource.State == ResourceStates.Running && !resource.IsHealthy ? "Running, not ready" : resource.State;

    private static string Colour(Supervisor resource) => resource switch
    {
        { IsHealthy: true } => "green",
        { State: ResourceStates.FailedToStart or ResourceStates.Exited } => "red",
        { State: ResourceStates.Waiting } => "grey",
        _ => "yellow",
    };

    private static string Address(Supervisor resource) =>
        resource.Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(e => e.PortVariable is null) is { } endpoint
            ? string.Create(CultureInfo.InvariantCulture, $"{endpoint.UriScheme}://localhost:{endpoint.AllocatedPorts[0]}")
            : "";

    private static string Ready(Supervisor resource) =>
        resource.TimeToReady is { } ready ? string.Create(CultureInfo.InvariantCulture, $"{ready.TotalSeconds:0.0} s") : "";
}
