using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Platform.LocalEngine.Dashboard;

/// <summary>The page's own three files, embedded in the program.</summary>
internal static class PageEndpoints
{
    public static void MapPage(this IEndpointRouteBuilder app)
    {
        app.MapFile("/", "index.html", "text/html; charset=utf-8");
        app.MapFile("/dashboard.css", "dashboard.css", "text/css; charset=utf-8");
        app.MapFile("/dashboard.js", "dashboard.js", "text/javascript; charset=utf-8");
    }

    private static void MapFile(this IEndpointRouteBuilder app, string path, string name, string contentType) =>
        app.MapGet(path, () => TypedResults.Stream(
            typeof(PageEndpoints).Assembly.GetManifestResourceStream($"Dashboard.{name}")
                ?? throw new InvalidOperationException($"The page's file {name} is not embedded."),
            contentType));
}
