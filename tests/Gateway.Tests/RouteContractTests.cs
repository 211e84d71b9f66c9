using System.Runtime.CompilerServices;
using Gateway.Routing;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class RouteContractTests(SharedGateway shared)
{
    [Fact]
    public async Task Routes_AreTheApprovedOnes()
    {
        var routes = shared.Gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(Describe).Order(StringComparer.Ordinal);

        var approved = await File.ReadAllTextAsync(Path.Combine(Folder(), "Routes.approved.txt"));

        Assert.Equal(approved.TrimEnd(), string.Join('\n', routes));
    }

    private static string Describe(RouteEndpoint endpoint)
    {
        var access = endpoint.Metadata.GetMetadata<RouteAccess>();
        var methods = string.Join(',', endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["*"]);
        var caller = access?.Caller switch
        {
            null => "UNCHECKED",
            RouteCaller.Anyone => "anonymous",
            RouteCaller.AnyToken => "token",
            _ => string.Join(' ', access.Scopes.Order(StringComparer.Ordinal)),
        };
        return $"{endpoint.RoutePattern.RawText} {methods}: {caller}{(access?.Strict == true ? ", strict" : "")}{(access?.Audited == false ? ", not audited" : "")}";
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
