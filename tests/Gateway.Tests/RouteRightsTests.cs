using System.Net;
using Gateway.Routing;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests;

/// <summary>Metadata is not enforcement: every route is tried.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class RouteRightsTests(SharedGateway shared)
{
    [Fact]
    public async Task EveryRouteWithScopes_Refuses401WithoutATokenAnd403WithoutTheScopeAndPassesWithIt()
    {
        var routes = shared.Gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RouteAccess>()!.Caller == RouteCaller.WithScope).ToList();
        Assert.True(routes.Count > 15);
        foreach (var route in routes)
        {
            var access = route.Metadata.GetMetadata<RouteAccess>()!;
            var path = "/" + route.RoutePattern.RawText!.Replace("{**rest}", "x", StringComparison.Ordinal).TrimStart('/');
            var method = new HttpMethod(route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0] ?? "GET");

            await (await shared.Gateway.SendAsync(method, path)).MustBeProblemAsync(HttpStatusCode.Unauthorized, "unauthenticated");
            await (await shared.Gateway.SendAsync(method, path, shared.Around.Issuer.Token(["openid"]))).MustBeProblemAsync(HttpStatusCode.Forbidden, "insufficient_scope");
            foreach (var scope in access.Scopes)
            {
                await (await shared.Gateway.SendAsync(method, path, shared.Around.Issuer.User(scope))).MustHaveArrivedAsync();
            }
        }
    }
}
