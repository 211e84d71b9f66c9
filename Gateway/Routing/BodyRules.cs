using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Routing;

/// <summary>Refuses a body over the route's limit or of a type the route does not take, before the service is bothered.</summary>
internal static class BodyRules
{
    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true
            || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true)
        {
            return next(context);
        }

        if (context.Request.ContentLength is { } length
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } most
            && length > most)
        {
            return GatewayProblems.BodyTooLarge().ExecuteAsync(context);
        }

        var access = RequestState.Of(context).Access!;
        return context.Request.Headers.ContentType is [{ } type] && Takes(access.ContentTypes, type)
            ? next(context)
            : GatewayProblems.UnsupportedMediaType(access.ContentTypes).ExecuteAsync(context);
    }

    /// <param name="taken">Media types; one such as <c>application/*+json</c> takes every type with that suffix.</param>
    /// <param name="type">Value of Content-Type; its parameters do not matter.</param>
    internal static bool Takes(string[] taken, ReadOnlySpan<char> type)
    {
        var parameters = type.IndexOf(';');
        var media = (parameters < 0 ? type : type[..parameters]).Trim();
        foreach (var one in taken)
        {
            var star = one.IndexOf('*', StringComparison.Ordinal);
            if (star < 0
                ? media.Equals(one, StringComparison.OrdinalIgnoreCase)
                : media.Length > one.Length
                    && media.StartsWith(one.AsSpan(0, star), StringComparison.OrdinalIgnoreCase)
                    && media.EndsWith(one.AsSpan(star + 1), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
