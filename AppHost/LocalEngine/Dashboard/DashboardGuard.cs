using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Platform.LocalEngine.Dashboard;

/// <summary>
/// Keeps other sites' pages out. Anyone's page can make a browser send requests to localhost: a name that only resolves
/// to it shows in <c>Host</c>, and a form or a plain fetch can't set a header of its own.
/// </summary>
internal static class DashboardGuard
{
    private const string CommandHeader = "X-Dashboard";

    // No inline code or style; a mail's HTML is shown in a sandboxed frame of this origin and can run nothing.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

    public static void UseDashboardGuard(this IApplicationBuilder app) => app.Use(static async (context, next) =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        if (context.Request.Host.Host is not ("localhost" or "127.0.0.1" or "[::1]"))
        {
            await Refuse(StatusCodes.Status421MisdirectedRequest, "The dashboard answers to localhost only.").ExecuteAsync(context);
        }
        else if (HttpMethods.IsPost(context.Request.Method) && !context.Request.Headers.ContainsKey(CommandHeader))
        {
            await Refuse(StatusCodes.Status403Forbidden, $"A command needs the header {CommandHeader}.").ExecuteAsync(context);
        }
        else
        {
            await next(context);
        }
    });

    private static IResult Refuse(int status, string detail) => TypedResults.Problem(detail, statusCode: status);
}
