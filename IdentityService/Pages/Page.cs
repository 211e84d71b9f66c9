using System.Text;
using ServiceDefaults.Pages;

namespace IdentityService.Pages;

/// <summary>
/// A page of the sign-in: readable without script or image, usable by keyboard and screen reader, never kept, never framed.
/// </summary>
/// <param name="title">Of the window and of the page.</param>
/// <param name="body">Below the title.</param>
internal sealed class Page(string title, Html body) : IResult
{
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>
    /// Where a form of this page may lead to beside this service: browsers hold <c>form-action</c> against redirects too.
    /// </summary>
    public string? RedirectUri { get; init; }

    /// <summary>Whether the page offers passkeys, by our own script; it works without.</summary>
    public bool WithPasskeys { get; init; }

    private static Html Script => $"""<script src="{PageEndpoints.Script}" defer></script>""";

    /// <summary>What went wrong, above a form; announced by screen readers. Nothing without a fault.</summary>
    public static Html FaultOf(string? fault) => fault is null ? Html.Nothing : $"""<p class="fault" role="alert">{fault}</p>""";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'self';{(WithPasskeys ? " script-src 'self';" : "")} form-action 'self'{Source(RedirectUri)}; base-uri 'none'; frame-ancestors 'none'";
        response.Headers.XFrameOptions = "DENY";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        return response.WriteAsync(Text(), Encoding.UTF8, httpContext.RequestAborted);
    }

    private string Text()
    {
        Html page = $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} – Platform</title>
            <link rel="stylesheet" href="{PageEndpoints.Stylesheet}">
            {(WithPasskeys ? Script : Html.Nothing)}
            </head>
            <body>
            <main>
            <h1>{title}</h1>
            {body}
            </main>
            </body>
            </html>

            """;
        return page.ToString();
    }

    // A native application's own scheme has no host; an IPv6 address is no source that a policy can name.
    private static string Source(string? redirectUri) => !Uri.TryCreate(redirectUri, UriKind.Absolute, out var uri) ? ""
        : uri.Scheme is not ("http" or "https") || uri.HostNameType == UriHostNameType.IPv6 ? $" {uri.Scheme}:"
        : $" {uri.GetLeftPart(UriPartial.Authority)}";
}

/// <summary>A redirect after which the browser asks with GET (RFC 9110 section 15.4.4), so that nothing posted goes along.</summary>
internal sealed class SeeOther(string address) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = address;
        httpContext.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
