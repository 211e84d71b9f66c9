using System.Security.Cryptography;
using IdentityService.Tokens;
using Microsoft.Net.Http.Headers;

namespace IdentityService.Pages;

/// <summary>What all pages share.</summary>
internal static class PageEndpoints
{
    public const string Stylesheet = "/account/pages.css";

    public const string Script = "/account/passkeys.js";

    public static void AddPages(this IServiceCollection services)
    {
        services.AddSingleton<PageCookies>();
        services.AddSingleton<PageForm>();
    }

    public static void MapPageEndpoints(this IEndpointRouteBuilder routes)
    {
        routes.MapFile(Stylesheet, "pages.css", "text/css; charset=utf-8").WithName("GetStylesheet");
        routes.MapFile(Script, "passkeys.js", "text/javascript; charset=utf-8").WithName("GetPasskeyScript");
    }

    /// <summary>Routes of pages: read and posted by browsers, with a cookie instead of a token.</summary>
    public static RouteGroupBuilder MapPages(this IEndpointRouteBuilder routes, string prefix) => routes
        .MapGroup(prefix).AllowAnonymous().SeeingEveryTenant().WithSmallBodies().DisableAntiforgery().ExcludeFromDescription();

    private static RouteHandlerBuilder MapFile(this IEndpointRouteBuilder routes, string path, string name, string type)
    {
        var content = Load(name);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"");
        return routes
            .MapGet(path, (HttpResponse response) =>
            {
                response.Headers.CacheControl = "public, max-age=3600";
                return TypedResults.Bytes(content, type, entityTag: tag);
            })
            .AllowAnonymous().ExcludeFromDescription();
    }

    private static byte[] Load(string name)
    {
        using var source = typeof(PageEndpoints).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is missing from the assembly.");
        using var copy = new MemoryStream();
        source.CopyTo(copy);
        return copy.ToArray();
    }
}
