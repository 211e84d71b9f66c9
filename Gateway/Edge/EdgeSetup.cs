using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Edge;

/// <summary>What concerns the public side: strict HTTP, limits, overload, real addresses behind proxies, HTTPS, CORS.</summary>
internal static class EdgeSetup
{
    public static WebApplicationBuilder AddEdge(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<TrustedProxyOptions>(TrustedProxyOptions.Section);
        builder.Services.AddValidatedOptions<HttpsOptions>(HttpsOptions.Section);
        builder.Services.AddValidatedOptions<CorsSettings>(CorsSettings.Section);
        builder.Services.AddValidatedOptions<PublicHosts>(PublicHosts.Section);
        builder.Services.AddValidatedOptions<HttpLimits>(HttpLimits.Section);
        builder.Services.AddValidatedOptions<OverloadOptions>(OverloadOptions.Section);
        builder.Services.AddSingleton<IPostConfigureOptions<KestrelServerOptions>, StrictServer>();

        // Nothing on a request's way blocks, so it may run where its bytes arrive (docs/decisions/0011).
        builder.WebHost.UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddSingleton<InFlight>();
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<TrustedProxyOptions>>(Trust);
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<IOptions<CorsSettings>>(static (cors, settings) =>
            cors.AddDefaultPolicy(policy => policy
                .WithOrigins(settings.Value.Origins)
                .WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
                .WithHeaders("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-Id")
                .WithExposedHeaders("ETag", "Idempotency-Replayed", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id", "WWW-Authenticate")
                .SetPreflightMaxAge(settings.Value.MaxAge)));
        return builder;
    }

    /// <summary>301 to HTTPS where configured; the scheme is the one that a trusted proxy told, else the connection's.</summary>
    public static void UseRedirectToHttps(this WebApplication app)
    {
        var https = app.Services.GetRequiredService<IOptionsMonitor<HttpsOptions>>();
        app.Use((context, next) =>
        {
            if (context.Request.IsHttps || !https.CurrentValue.Redirect)
            {
                return next(context);
            }

            var port = https.CurrentValue.Port;
            var host = port == 443 ? context.Request.Host.Host : $"{context.Request.Host.Host}:{port}";
            context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            context.Response.Headers.Location =
                $"https://{host}{context.Request.PathBase.ToUriComponent()}{context.Request.Path.ToUriComponent()}{context.Request.QueryString}";
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// CORS where an origin is told (Fetch section 3.2.3): the framework's middleware takes a scope of services for every
    /// request, and without that header it has nothing to do. A route with a policy of its own is not served without it.
    /// </summary>
    public static void UseCorsWhereAsked(this WebApplication app) => app.UseWhen(
        static context => context.Request.Headers.Origin.Count > 0 || context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null,
        static asked => asked.UseCors());

    private static void Trust(ForwardedHeadersOptions headers, IOptions<TrustedProxyOptions> options)
    {
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        foreach (var network in options.Value.TrustedNetworks)
        {
            headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        }

        // With no network known the framework would believe everybody.
        headers.ForwardedHeaders = options.Value.TrustedNetworks.Length == 0
            ? ForwardedHeaders.None
            : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
        headers.ForwardLimit = null; // from the right as long as they are trusted
    }
}
