using System.Net;
using System.Runtime.CompilerServices;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Authentication;

namespace IdentityService.Tests;

public sealed class RouteContractTests(IdentityApi api)
{
    [Fact]
    public void Routes_All_AreTheApprovedOnes()
    {
        var approved = File.ReadAllLines(Path.Combine(Folder(), "Routes.approved.txt"));

        Assert.Equal(approved, Routes().Select(route => $"{route.Method} {route.Pattern} {route.Scopes}"));
    }

    [Fact]
    public async Task Ask_ProtectedRouteWithoutToken_IsUnauthorized()
    {
        foreach (var route in Protected())
        {
            using var answer = await IdentityApi.SendAsync(api.Http, new HttpMethod(route.Method), route.Address, body: BodyFor(route.Method));
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{route}: {answer.StatusCode}");
            Assert.StartsWith("Bearer", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ask_ProtectedRouteWithADevicesToken_IsForbidden()
    {
        using var device = TestDevice.WithEcKey();
        await api.Events.PublishAsync(device.Enrolled());
        var token = "";
        await Platform.Testing.Eventually.Async(
            async () =>
            {
                var answer = await TestDevice.AskAsync(api.Http, device.Assertion());
                token = answer.IsSuccessStatusCode ? (await answer.BodyAsync(HttpStatusCode.OK)).Text("access_token") : "";
                return token.Length > 0;
            },
            IdentityApi.Deadline);

        foreach (var route in Protected())
        {
            using var answer = await IdentityApi.SendAsync(api.Http, new HttpMethod(route.Method), route.Address, token, BodyFor(route.Method));
            Assert.Equal("insufficient_scope", await answer.ProblemAsync(HttpStatusCode.Forbidden));
        }
    }

    private static object? BodyFor(string method) => method == "GET" ? null : "{}";

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private IEnumerable<Route> Protected()
    {
        var found = Routes().Where(route => route.Scopes != "-").ToList();
        Assert.NotEmpty(found);
        return found;
    }

    private List<Route> Routes() =>
    [
        .. api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["*"])
                .Select(method => new Route(method, endpoint.RoutePattern.RawText!, ScopesOf(endpoint))))
            .OrderBy(route => route.Pattern, StringComparer.Ordinal).ThenBy(route => route.Method, StringComparer.Ordinal),
    ];

    private static string ScopesOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        ? "-"
        : string.Join('|', endpoint.Metadata.GetOrderedMetadata<RequiredScope>().Select(scope => scope.Name));

    private sealed record Route(string Method, string Pattern, string Scopes)
    {
        public string Address => Pattern
            .Replace("{id:guid}", Guid.CreateVersion7().ToString(), StringComparison.Ordinal)
            .Replace("{id}", "abcd", StringComparison.Ordinal);
    }
}
