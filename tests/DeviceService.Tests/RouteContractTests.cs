using DeviceService.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Authentication;

namespace DeviceService.Tests;

/// <summary>Any change of a route, its right or its name shows as a change of <c>Routes.approved.txt</c>.</summary>
public sealed class RouteContractTests(DeviceApi api)
{
    [Fact]
    public async Task Routes_OfTheService_AreTheApprovedOnes()
    {
        var routes = api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(Describe).Order(StringComparer.Ordinal);
        var approved = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Routes.approved.txt"));
        Assert.Equal(approved.Trim(), string.Join('\n', routes));
    }

    [Fact]
    public void Routes_WithARight_AreAllInTheAuthorizationTests()
    {
        var tested = DeviceAuthorizationTests.Routes
            .Select(row => $"{row.Data.Item1} {row.Data.Item2} {string.Join(' ', row.Data.Item3.Order())}");
        var declared = api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Select(route => $"{Method(route)} {Pattern(route).Replace("{id:guid}", "{id}", StringComparison.Ordinal)} {string.Join(' ', Scopes(route))}");
        Assert.Equal(declared.Order(), tested.Order());
    }

    private static string Describe(RouteEndpoint route)
    {
        var right = route.Metadata.GetMetadata<IAllowAnonymous>() is null ? string.Join(" | ", Scopes(route)) : "anonymous";
        return $"{Pattern(route)} {Method(route)} [{right}] {route.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName}";
    }

    private static string Pattern(RouteEndpoint route) => "/" + route.RoutePattern.RawText!.Trim('/');

    private static string Method(RouteEndpoint route) => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];

    private static IEnumerable<string> Scopes(RouteEndpoint route) =>
        route.Metadata.GetOrderedMetadata<RequiredScope>().Select(scope => scope.Name).Order();
}
