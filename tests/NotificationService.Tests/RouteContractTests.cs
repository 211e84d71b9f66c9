using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NotificationService.Tests.Support;
using ServiceDefaults.Authentication;

namespace NotificationService.Tests;

public sealed class RouteContractTests(RunningNotifications running)
{
    [Fact]
    public void Routes_MethodPatternAndScope_AreTheApprovedOnes()
    {
        using var approved = new StreamReader(typeof(RouteContractTests).Assembly.GetManifestResourceStream("ApprovedRoutes.txt")!);
        Assert.Equal(
            approved.ReadToEnd().Trim().Split('\n'),
            running.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Select(Describe).Order(StringComparer.Ordinal));
    }

    private static string Describe(RouteEndpoint endpoint)
    {
        var methods = string.Join(',', endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["*"]);
        var scopes = string.Join('|', endpoint.Metadata.GetOrderedMetadata<RequiredScope>().Select(scope => scope.Name));
        return $"{endpoint.RoutePattern.RawText?.TrimEnd('/')} {methods} {(scopes.Length == 0 ? "-" : scopes)}";
    }
}
