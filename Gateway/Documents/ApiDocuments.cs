namespace Gateway.Documents;

/// <summary>
/// One page over the services' OpenAPI documents, to read and try them: <c>/openapi/</c>. The documents themselves,
/// <c>/openapi/{service}.json</c>, are routes to the services.
/// </summary>
internal static class ApiDocuments
{
    private const string Prefix = "/openapi";

    // The page's own files, and the documents and calls it fetches from here. It sets the size of its code boxes inline.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] Services = ["identity", "device", "notification", "audit"];

    public static void UseApiDocuments(this WebApplication app) => app.UseWhen(IsPage, page =>
    {
        page.Use(static (context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = PagePolicy;
            return next(context);
        });
        page.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = Prefix.TrimStart('/');
            ui.DocumentTitle = "Platform API";
            foreach (var service in Services)
            {
                ui.SwaggerEndpoint($"{Prefix}/{service}.json", service);
            }
        });
    });

    // The documents end in .json and are not the page's.
    private static bool IsPage(HttpContext context) =>
        context.Request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal, out var file)
        && !file.Value!.EndsWith(".json", StringComparison.Ordinal);
}
