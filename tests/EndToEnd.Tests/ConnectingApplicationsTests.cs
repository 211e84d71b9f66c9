using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EndToEnd.Tests.Support;

namespace EndToEnd.Tests;

public sealed class ConnectingApplicationsTests(RunningPlatform platform)
{
    [Fact]
    public async Task RegisterClient_ItsOwnToken_OpensWhatItsScopesAllow()
    {
        using var administrator = await platform.AdministratorAsync();
        var created = await administrator.PostAsync(
            "/api/v1/admin/clients",
            new { name = "Nightly report", authentication = "secret", grantTypes = new[] { "client_credentials" }, scopes = new[] { "devices:read" } },
            HttpStatusCode.Created);
        var id = created.GetProperty("client").GetProperty("clientId").GetString()!;
        var secret = created.GetProperty("clientSecret").GetString()!;

        using var granted = await AskAsync("/connect/token", id, secret, ("grant_type", "client_credentials"));
        Assert.Equal(HttpStatusCode.OK, granted.StatusCode);
        using var program = platform.Visit();
        program.Use((await PlatformClient.ReadAsync(granted)).GetProperty("access_token").GetString()!);
        await program.GetAsync("/api/v1/devices");
        using var refused = await program.Http.GetAsync("/api/v1/admin/clients");
        Assert.Equal("insufficient_scope", await PlatformClient.ProblemAsync(refused, HttpStatusCode.Forbidden));

        using var known = await AskAsync("/connect/introspect", id, secret, ("token", program.AccessToken));
        Assert.True((await PlatformClient.ReadAsync(known)).GetProperty("active").GetBoolean());
        using var wrong = await AskAsync("/connect/introspect", id, "wrong", ("token", program.AccessToken));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        (await AskAsync("/connect/revoke", id, secret, ("token", program.AccessToken))).Dispose();
        using var revoked = await program.Http.GetAsync("/api/v1/devices");
        Assert.Equal("invalid_token", await PlatformClient.ProblemAsync(revoked, HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task CreateApiKey_Program_ActsWithItUntilItIsRevoked()
    {
        using var administrator = await platform.AdministratorAsync();
        var created = await administrator.PostAsync(
            "/api/v1/auth/api-keys", new { name = "Builds", scopes = new[] { "devices:read" } }, HttpStatusCode.Created);
        using var program = platform.Visit();
        program.Http.DefaultRequestHeaders.Add("X-API-Key", created.GetProperty("key").GetString());

        await program.GetAsync("/api/v1/devices");
        using var beyond = await program.Http.GetAsync("/api/v1/audit");
        Assert.Equal(HttpStatusCode.Forbidden, beyond.StatusCode);

        using var deleted = await administrator.Http.DeleteAsync($"/api/v1/auth/api-keys/{created.GetProperty("details").GetProperty("id").GetString()}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var refused = await program.Http.GetAsync("/api/v1/devices");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task ShowSignIn_AtTheGateway_KeepsThePagesOwnPolicy()
    {
        using var visitor = platform.Visit();
        using var page = await visitor.Http.GetAsync("/account/sign-in");

        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("default-src 'none'; style-src 'self';", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var style = await visitor.Http.GetAsync("/account/pages.css");
        Assert.Equal("text/css", style.Content.Headers.ContentType?.MediaType);
        using var metadata = await visitor.Http.GetAsync("/.well-known/openid-configuration");
        var addresses = (await PlatformClient.ReadAsync(metadata)).EnumerateObject()
            .Where(member => member.Name.EndsWith("_endpoint", StringComparison.Ordinal)).ToList();
        Assert.Equal(8, addresses.Count);
        foreach (var address in addresses)
        {
            using var answer = await visitor.Http.PostAsync(new Uri(address.Value.GetString()!).PathAndQuery, content: null);
            Assert.NotEqual(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(string path, string id, string secret, params (string Name, string Value)[] form)
    {
        using var visitor = platform.Visit();
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(form.Select(one => KeyValuePair.Create(one.Name, one.Value))),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        return await visitor.Http.SendAsync(request);
    }
}
