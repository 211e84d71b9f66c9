using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Dashboard;

/// <summary>The resources, their output, and the commands start, stop and restart.</summary>
internal static class ResourceEndpoints
{
    public static void MapResources(this IEndpointRouteBuilder app, ResourceService resources)
    {
        var group = app.MapGroup("/api/resources");
        group.MapGet("/", (CancellationToken cancellationToken) => resources.SnapshotsAsync(cancellationToken));
        group.MapGet("/{name}/logs", Results<ServerSentEventsResult<ConsoleLine>, ProblemHttpResult> (string name, CancellationToken cancellationToken) =>
            resources.Runs(name)
                ? TypedResults.ServerSentEvents(resources.ConsoleOf(name).FollowAsync(cancellationToken))
                : Unknown(name));
        group.MapPost("/{name}/start", (string name) => CommandAsync(resources, name, resources.StartAsync));
        group.MapPost("/{name}/stop", (string name) => CommandAsync(resources, name, resources.StopAsync));
        group.MapPost("/{name}/restart", (string name) => CommandAsync(resources, name, resources.RestartAsync));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CommandAsync(ResourceService resources, string name, Func<string, Task> command)
    {
        if (!resources.Runs(name))
        {
            return Unknown(name);
        }

        await command(name);
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult Unknown(string name) =>
        TypedResults.Problem($"No resource '{name}' runs here.", statusCode: StatusCodes.Status404NotFound);
}
