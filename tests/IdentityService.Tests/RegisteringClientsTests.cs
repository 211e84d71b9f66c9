using System.Net;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.ClientRegistration;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RegisteringClientsTests(IdentityApi api)
{
    private const string Path = "/api/v1/admin/clients";

    [Fact]
    public async Task Create_Client_GetsTokensWithTheSecretShownOnce()
    {
        var admin = await api.SignedInAsync(Role.Admin);
        var created = await CreatedAsync(admin, Service());
        var client = new TestClient(api.Http, created.GetProperty("client").Text("clientId"), created.Text("clientSecret"));

        Assert.Equal("devices:read", Jwt.Claims(await client.TokenAsync()).Text("scope"));
        using var shown = await SendAsync(admin, HttpMethod.Get, $"{Path}/{client.Id}");
        Assert.DoesNotContain(client.Secret!, await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var record = await api.Events.AuditAsync("client.created", client.Id);
        Assert.DoesNotContain(client.Secret!, JsonSerializer.Serialize(record), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_BadSettings_NamesEveryFault()
    {
        var admin = await api.SignedInAsync(Role.Admin);

        using var rules = await SendAsync(admin, HttpMethod.Post, Path, new
        {
            name = "x",
            authentication = "privateKey",
            grantTypes = new[] { "password" },
            scopes = new[] { "openid", "platform:admin" },
            redirectUris = new[] { "http://app.test/cb" },
            postLogoutRedirectUris = new[] { "javascript:alert(1)" },
            backChannelLogoutUri = "ftp://app.test",
            jwks = new { keys = new[] { new { kty = "RSA", n = "AQAB", e = "AQAB", d = "AQAB" } } },
            allTenants = true,
        });
        using var form = await SendAsync(admin, HttpMethod.Post, Path, new { name = "", authentication = "mtls" });

        Assert.Equal(["allTenants", "backChannelLogoutUri", "grantTypes", "jwks", "postLogoutRedirectUris", "redirectUris", "scopes"], await rules.FaultsAsync());
        Assert.Equal(["authentication", "grantTypes", "name", "scopes"], await form.FaultsAsync());
    }

    [Theory]
    [InlineData("https://app.test/cb?x=1", true)]
    [InlineData("http://127.0.0.1:80/cb", true)]
    [InlineData("http://[::1]/cb", true)]
    [InlineData("http://localhost:3000/cb", true)]
    [InlineData("com.example.app:/cb", true)]
    [InlineData("http://app.test/cb", false)]
    [InlineData("https://app.test/cb#x", false)]
    [InlineData("https://user@app.test/cb", false)]
    [InlineData("https://app.test/c b", false)]
    [InlineData("https://app.test/;script-src *", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("data:text/html,x", false)]
    [InlineData("/cb", false)]
    public void Address_IsOneToReturnToOrNot(string address, bool expected) =>
        Assert.Equal(expected, ClientRules.IsReturnAddress(address));

    [Fact]
    public async Task Update_NeedsTheVersionRead()
    {
        var admin = await api.SignedInAsync(Role.Admin);
        var id = (await CreatedAsync(admin, Service())).GetProperty("client").Text("clientId");
        using var shown = await SendAsync(admin, HttpMethod.Get, $"{Path}/{id}");
        var tag = shown.Headers.ETag!.ToString();
        var settings = new { name = "Renamed", grantTypes = new[] { "client_credentials" }, scopes = new[] { "devices:read" } };

        using var without = await SendAsync(admin, HttpMethod.Put, $"{Path}/{id}", settings);
        using var with = await SendAsync(admin, HttpMethod.Put, $"{Path}/{id}", settings, tag);
        using var late = await SendAsync(admin, HttpMethod.Put, $"{Path}/{id}", settings, tag);

        Assert.Equal("precondition_required", await without.ProblemAsync((HttpStatusCode)428));
        Assert.Equal("Renamed", (await with.BodyAsync(HttpStatusCode.OK)).Text("name"));
        Assert.Equal("precondition_failed", await late.ProblemAsync(HttpStatusCode.PreconditionFailed));
        Assert.NotEqual(tag, with.Headers.ETag!.ToString());
        await api.Events.AuditAsync("client.updated", id);
    }

    [Fact]
    public async Task Disable_Client_EndsItsTokensAndItsUsersSessions()
    {
        var admin = await api.SignedInAsync(Role.Admin);
        var application = await Application.RegisterAsync(api.Host, api.Http);
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, await api.SignedInAsync());
        var gateway = TestClient.Gateway(api.Http);
        Assert.Contains("true", await gateway.IntrospectAsync(tokens.Text("access_token")), StringComparison.Ordinal);

        using var disabled = await SendAsync(
            admin,
            HttpMethod.Put,
            $"{Path}/{application.Client.Id}",
            new { name = "x", grantTypes = new[] { "authorization_code" }, scopes = new[] { "openid" }, redirectUris = new[] { Application.RedirectUri }, disabled = true },
            "*");

        Assert.Equal(HttpStatusCode.OK, disabled.StatusCode);
        Assert.Equal("""{"active":false}""", await gateway.IntrospectAsync(tokens.Text("access_token")));
        using var refused = await application.TryRefreshAsync(tokens.Text("refresh_token"));
        Assert.Equal("invalid_client", (await refused.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
        var issued = await api.Events.OneAsync<RevocationIssued>(one => one.Value == application.Client.Id);
        Assert.Equal(RevocationKind.Client, issued.Kind);
        Assert.NotNull(issued.Cutoff);
    }

    [Fact]
    public async Task Update_TakesAScope_RefreshedTokensLoseIt()
    {
        var admin = await api.SignedInAsync(Role.Admin);
        var application = await Application.RegisterAsync(api.Host, api.Http);
        using var browser = new Browser(api.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, await api.SignedInAsync(Role.Viewer));

        using var updated = await SendAsync(
            admin,
            HttpMethod.Put,
            $"{Path}/{application.Client.Id}",
            new { name = "x", grantTypes = new[] { "authorization_code", "refresh_token" }, scopes = new[] { "openid", "profile" }, redirectUris = new[] { Application.RedirectUri } },
            "*");
        Assert.Equal(HttpStatusCode.OK, updated.StatusCode);
        using var refreshed = await application.TryRefreshAsync(tokens.Text("refresh_token"));

        Assert.Equal("openid profile", (await refreshed.BodyAsync(HttpStatusCode.OK)).Text("scope"));
    }

    [Fact]
    public async Task Rotate_Secret_KeepsTheFormerForAWhile()
    {
        var admin = await api.SignedInAsync(Role.Admin);
        var created = await CreatedAsync(admin, Service());
        var id = created.GetProperty("client").Text("clientId");

        using var rotated = await SendAsync(admin, HttpMethod.Post, $"{Path}/{id}/secret");

        var secret = (await rotated.BodyAsync(HttpStatusCode.OK)).Text("clientSecret");
        Assert.NotEqual(created.Text("clientSecret"), secret);
        await new TestClient(api.Http, id, secret).TokenAsync();
        await new TestClient(api.Http, id, created.Text("clientSecret")).TokenAsync();
        await api.Events.AuditAsync("client.secret_rotated", id);
    }

    [Fact]
    public async Task Delete_Client_EndsItsTokens()
    {
        var admin = await api.SignedInAsync(Role.Admin);
        var created = await CreatedAsync(admin, Service());
        var client = new TestClient(api.Http, created.GetProperty("client").Text("clientId"), created.Text("clientSecret"));
        var token = await client.TokenAsync();

        using var deleted = await SendAsync(admin, HttpMethod.Delete, $"{Path}/{client.Id}");
        using var again = await SendAsync(admin, HttpMethod.Delete, $"{Path}/{client.Id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("not_found", await again.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(api.Http).IntrospectAsync(token));
    }

    [Fact]
    public async Task Ask_AnothersTenantsClient_IsNotFoundNorListed()
    {
        var (admin, viewer) = (await api.SignedInAsync(Role.Admin), await api.SignedInAsync(Role.Viewer));
        var tenant = Guid.CreateVersion7();
        var foreign = await TestClient.RegisterAsync(api.Host, api.Http, row => row.Name = "foreign");
        await api.Host.QueryAsync(async db =>
        {
            db.Tenants.Add(new Tenant { Id = tenant, Name = tenant.ToString("N") });
            await db.SaveChangesAsync();
            return await db.Database.ExecuteSqlAsync($"UPDATE clients SET tenant_id = {tenant} WHERE id = {Guid.Parse(foreign.Id)}");
        });

        using var shown = await SendAsync(admin, HttpMethod.Get, $"{Path}/{foreign.Id}");
        using var rotated = await SendAsync(admin, HttpMethod.Post, $"{Path}/{foreign.Id}/secret");
        using var listed = await SendAsync(admin, HttpMethod.Get, $"{Path}?name=foreign&limit=1000");
        using var byViewer = await SendAsync(viewer, HttpMethod.Get, Path);

        Assert.Equal("not_found", await shown.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await rotated.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal(0, (await listed.BodyAsync(HttpStatusCode.OK)).GetProperty("items").GetArrayLength());
        Assert.Equal("insufficient_scope", await byViewer.ProblemAsync(HttpStatusCode.Forbidden));
    }

    private static object Service() => new
    {
        name = "Nightly report",
        authentication = "secret",
        grantTypes = new[] { "client_credentials" },
        scopes = new[] { "devices:read" },
    };

    private async Task<JsonElement> CreatedAsync(Person admin, object body)
    {
        using var answer = await SendAsync(admin, HttpMethod.Post, Path, body);
        return await answer.BodyAsync(HttpStatusCode.Created);
    }

    private Task<HttpResponseMessage> SendAsync(Person admin, HttpMethod method, string path, object? body = null, string? ifMatch = null) =>
        IdentityApi.SendAsync(api.Http, method, path, admin.AccessToken, body, ifMatch);
}
