using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class AdministeringTenantsTests(OwnHost own) : IClassFixture<OwnHost>
{
    private const string Path = "/api/v1/admin/tenants";

    [Fact]
    public async Task Create_TenantWithItsAdministrator_ThatOneMakesUsersOfItOnly()
    {
        var platform = await PlatformAsync();
        var tenant = await CreatedAsync(platform);
        var admin = await MemberAsync(platform, tenant, Role.Admin);
        var member = await MemberAsync(admin, tenant: null, Role.Viewer);
        var outsider = await own.SignedInAsync();

        Assert.Equal(tenant.ToString(), Jwt.Claims(admin.AccessToken).Text("tid"));
        Assert.Equal(tenant.ToString(), Jwt.Claims(member.AccessToken).Text("tid"));
        Assert.Equal(Tenants.Default.ToString(), Jwt.Claims(outsider.AccessToken).Text("tid"));
        using var listed = await admin.UsersAsync(own.Http, HttpMethod.Get, "");
        Assert.Equal(2, (await listed.BodyAsync(HttpStatusCode.OK)).GetProperty("items").GetArrayLength());
        using var foreign = await admin.UsersAsync(own.Http, HttpMethod.Get, $"/{outsider.Id}");
        Assert.Equal("not_found", await foreign.ProblemAsync(HttpStatusCode.NotFound));
        using var tenants = await SendAsync(admin, HttpMethod.Get, "");
        Assert.Equal("insufficient_scope", await tenants.ProblemAsync(HttpStatusCode.Forbidden));
        await own.Events.AuditAsync("tenant.created", tenant.ToString());
    }

    [Fact]
    public async Task Disable_Tenant_EndsEverythingOfItAndNothingElse()
    {
        var platform = await PlatformAsync();
        var tenant = await CreatedAsync(platform);
        var admin = await MemberAsync(platform, tenant, Role.Admin);
        var outsider = await own.SignedInAsync();
        var client = await TestClient.RegisterAsync(own.Host, own.Http);
        await own.Host.QueryAsync(db => db.Clients.Where(row => row.Id == Guid.Parse(client.Id))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.TenantId, tenant)));
        await client.TokenAsync();
        var (key, _) = await admin.CreateKeyAsync(["identity:self"]);

        using var disabled = await SendAsync(platform, HttpMethod.Put, $"/{tenant}", new { name = $"{tenant:N}", disabled = true }, "*");

        Assert.True((await disabled.BodyAsync(HttpStatusCode.OK)).GetProperty("disabled").GetBoolean());
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(own.Http).IntrospectAsync(admin.AccessToken));
        using var refresh = await admin.TryRefreshAsync();
        using var login = await admin.TryLogInAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, refresh.StatusCode);
        Assert.Equal("invalid_credentials", await login.ProblemAsync(HttpStatusCode.Unauthorized));
        await TestClient.Gateway(own.Http).MustRefuseKeyAsync(key);
        using var token = await client.AskAsync("/connect/token", ("grant_type", "client_credentials"));
        Assert.Equal("invalid_client", (await token.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
        await outsider.RefreshAsync();
        var revocation = await own.Events.OneAsync<RevocationIssued>(told => told.Kind == RevocationKind.Tenant && told.Value == tenant.ToString());
        Assert.NotNull(revocation.Cutoff);
        await own.Events.AuditAsync("tenant.disabled", tenant.ToString());
        await own.Events.OneAsync<TenantDisabled>(told => told.DisabledTenantId == tenant);

        using var enabled = await SendAsync(platform, HttpMethod.Put, $"/{tenant}", new { name = $"{tenant:N}", disabled = false }, disabled.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.OK, enabled.StatusCode);
        await admin.LogInAsync();
        await own.Events.AuditAsync("tenant.enabled", tenant.ToString());
    }

    [Fact]
    public async Task Disable_DefaultTenant_IsAConflict()
    {
        using var answer = await SendAsync(
            await PlatformAsync(), HttpMethod.Put, $"/{Tenants.Default}", new { name = "default", disabled = true }, "*");
        Assert.Equal("default_tenant", await answer.ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Change_Tenant_NeedsItsVersionAndAFreeName()
    {
        var platform = await PlatformAsync();
        var (one, two) = (await CreatedAsync(platform), await CreatedAsync(platform));
        using var shown = await SendAsync(platform, HttpMethod.Get, $"/{one}");
        var version = shown.Headers.ETag!.ToString();

        using var without = await SendAsync(platform, HttpMethod.Put, $"/{one}", new { name = "x" });
        using var renamed = await SendAsync(platform, HttpMethod.Put, $"/{one}", new { name = $"renamed {one:N}" }, version);
        using var stale = await SendAsync(platform, HttpMethod.Put, $"/{one}", new { name = "x" }, version);
        using var taken = await SendAsync(platform, HttpMethod.Put, $"/{two}", new { name = $"renamed {one:N}" }, "*");
        using var again = await SendAsync(platform, HttpMethod.Post, "", new { name = $"renamed {one:N}" });
        using var unknown = await SendAsync(platform, HttpMethod.Get, $"/{Guid.CreateVersion7()}");
        using var listed = await SendAsync(platform, HttpMethod.Get, "?limit=1");

        Assert.Equal("precondition_required", await without.ProblemAsync(HttpStatusCode.PreconditionRequired));
        Assert.Equal($"renamed {one:N}", (await renamed.BodyAsync(HttpStatusCode.OK)).Text("name"));
        Assert.Equal("precondition_failed", await stale.ProblemAsync(HttpStatusCode.PreconditionFailed));
        Assert.Equal("tenant_name_taken", await taken.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal("tenant_name_taken", await again.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal("not_found", await unknown.ProblemAsync(HttpStatusCode.NotFound));
        Assert.NotNull((await listed.BodyAsync(HttpStatusCode.OK)).GetProperty("nextCursor").GetString());
    }

    private Task<Person> PlatformAsync() => own.Host.SignedInAsync(own.Http, Role.PlatformAdmin);

    private async Task<Guid> CreatedAsync(Person platform)
    {
        using var answer = await SendAsync(platform, HttpMethod.Post, "", new { name = Guid.CreateVersion7().ToString("N") });
        return (await answer.BodyAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    /// <summary>Somebody invited by an administrator, signed in.</summary>
    private async Task<Person> MemberAsync(Person administrator, Guid? tenant, string role)
    {
        var person = new Person(own.Http);
        using var answer = await administrator.UsersAsync(
            own.Http, HttpMethod.Post, "", new { username = person.UserName, email = person.Email, roles = new[] { role }, tenantId = tenant });
        var id = (await answer.BodyAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        var token = await own.Events.TokenAsync(id, AccountLinkKind.Invitation);
        using var set = await person.SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword = person.Password });
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        await person.LogInAsync();
        return person;
    }

    private Task<HttpResponseMessage> SendAsync(Person who, HttpMethod method, string path, object? body = null, string? ifMatch = null) =>
        IdentityApi.SendAsync(own.Http, method, Path + path, who.AccessToken, body, ifMatch);
}
