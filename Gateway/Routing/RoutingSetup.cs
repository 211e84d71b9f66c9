using System.Text;
using Gateway.Destinations;
using Gateway.RateLimits;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.ServiceDiscovery;
using Yarp.ReverseProxy.Transforms;

namespace Gateway.Routing;

/// <summary>The proxy: routes and clusters from section <c>ReverseProxy</c>, destinations from service discovery.</summary>
internal static class RoutingSetup
{
    public static WebApplicationBuilder AddRoutes(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<ProxyingOptions>(ProxyingOptions.Section);
        builder.Services.AddSingleton<IDestinationResolver, ServiceDestinations>();
        builder.Services.AddSingleton<ILoadBalancingPolicy, WeightedDestinations>();
        builder.Services.AddSingleton<IPassiveHealthCheckPolicy, CircuitBreaking>();
        builder.Services.AddSingleton<IActiveHealthCheckPolicy, AnsweringProbe>();
        builder.Services.AddSingleton<RepeatedRequests>();
        builder.Services.AddSingleton<ResponseDeadline>();
        builder.Services.AddReverseProxy()
            .LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"))
            .AddConfigFilter<RouteRules>()
            .ConfigureHttpClient(static (_, handler) =>
            {
                TraceForwarding.LeaveToTransform(handler);

                // Headers go through as the bytes they came as; with ASCII a client's umlaut would fail as if the service had.
                handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
                handler.ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
            })
            .AddTransforms(static route => route
                .AddRequestTransform(TraceForwarding.TransformAsync)
                .AddResponseTransform(EventStreams.BeginAsync));
        return builder;
    }

    /// <summary>
    /// One request's way: 1. the body's announced size and type, 2. the deadline, 3. attempts, each with 4. a destination by
    /// weight, 5. its circuit, 6. the forwarder. A failure of all that becomes a problem on the way out.
    /// </summary>
    public static void MapRoutes(this WebApplication app)
    {
        app.MapReverseProxy(proxy =>
        {
            proxy.Use(ProxyFailures.AnswerAsync);
            proxy.Use(BodyRules.CheckAsync);
            proxy.Use(app.Services.GetRequiredService<ResponseDeadline>().LimitAsync);
            proxy.Use(app.Services.GetRequiredService<RepeatedRequests>().SendAsync);
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        }).ConfigureEndpoints(static (endpoint, route) => endpoint.WithMetadata(RouteAccess.Read(route, []), RouteLimits.Of(route)));
    }
}
