using System.Security.Cryptography;
using IdentityService.Tokens;
using Microsoft.Net.Http.Headers;

namespace IdentityService.Pages;

/// <summary>What all pages share.</summary>
internal static class PageEndpoints
{
    public const string Stylesheet = "/account/pages.css";

    private static readonly byte[] Style = Load();
    private static readonly EntityTagHeaderValue Tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(Style).AsSpan(0, 16))}\"");

    public static void AddPages(this IServiceCollection services)
    {
        services.AddSingleton<PageCookies>();
        services.AddSingleton<PageForm>();
    }

    public static void MapPageEndpoints(this IEndpointRouteBuilder routes) => routes
        .MapGet(Stylesheet, static (HttpResponse response) =>
        {
            response.Headers.CacheControl = "public, max-age=3600";
            return TypedResults.Bytes(Style, "text/css; charset=utf-8", entityTag: Tag);
        })
        .AllowAnonymous().ExcludeFromDescription().WithName("GetStylesheet");

    /// <summary>Routes of pages: read and posted by browsers, with a cookie instead of a token.</summary>
    public static RouteGroupBuilder MapPages(this IEndpointRouteBuilder routes, string prefix) => routes
        .MapGroup(prefix).AllowAnonymous().SeeingEveryTenant().WithSmallBodies().DisableAntiforgery().ExcludeFromDescription();

    private static byte[] Load()
    {
        using var source = typeof(PageEndpoints).Assembly.GetManifestResourceStream("pages.css")
            ?? throw new InvalidOperationException("The stylesheet is missing from the assembly.");
        using var copy = new MemoryStream();
        source.CopyTo(copy);
        return copy.ToArray();
    }
}
