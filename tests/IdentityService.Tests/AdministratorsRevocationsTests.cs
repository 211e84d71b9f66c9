using System.Net;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests;

public sealed class AdministratorsRevocationsTests(OwnHost own) : IClassFixture<OwnHost>
{
    private const string Path = "/api/v1/admin/revocations";

    [Fact]
    public async Task Revoke_Token_TellsOnHowManyGatewaysItHolds()
    {
        var (admin, person) = (await AdminAsync(), await own.SignedInAsync());
        await using var gateway = await FakeGateway.ConnectAsync(own.Backing.Redis);
        await gateway.ReceiptAsync(1_000_000);
        var jti = Jwt.Claims(person.AccessToken).Text("jti");

        var answer = await RevokedAsync(admin, "tokens", new { jti });

        Assert.Equal("token", answer.Text("kind").ToLowerInvariant());
        Assert.Equal(jti, answer.Text("value"));
        Assert.True(answer.GetProperty("gateways").GetProperty("everywhere").GetBoolean());
        Assert.Equal(1, answer.GetProperty("gateways").GetProperty("applied").GetInt32());
        Assert.Matches("^effective on 1 of 1 gateways in [0-9]+ ms$", answer.GetProperty("gateways").Text("summary"));
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(own.Http).IntrospectAsync(person.AccessToken));
        await person.RefreshAsync(); // the session goes on
        await own.Events.AuditAsync("token.revoked_by_administrator", jti);
    }

    [Fact]
    public async Task Revoke_Session_EndsThatOneOnly()
    {
        var (admin, person) = (await AdminAsync(), await own.SignedInAsync());
        var (ended, refresh) = (person.SessionId, person.RefreshToken);
        await person.LogInAsync();

        await RevokedAsync(admin, "sessions", new { sid = ended });
        using var again = await SendAsync(admin, HttpMethod.Post, "/sessions", new { sid = ended });

        Assert.Equal("not_found", await again.ProblemAsync(HttpStatusCode.NotFound));
        using var refused = await person.TryRefreshAsync(refresh);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        await person.RefreshAsync();
        await own.Events.AuditAsync("session.revoked_by_administrator", ended.ToString());
    }

    [Fact]
    public async Task Revoke_EverySessionOfAUser_LeavesNone()
    {
        var (admin, person, other) = (await AdminAsync(), await own.SignedInAsync(), await own.SignedInAsync());
        var first = person.AccessToken;
        await person.LogInAsync();

        var answer = await RevokedAsync(admin, $"users/{person.Id}", new { });

        Assert.Equal("subject", answer.Text("kind").ToLowerInvariant());
        foreach (var token in new[] { first, person.AccessToken })
        {
            Assert.Equal("""{"active":false}""", await TestClient.Gateway(own.Http).IntrospectAsync(token));
        }

        using var refused = await person.TryRefreshAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        await person.LogInAsync();
        await other.RefreshAsync();
        await own.Events.AuditAsync("user.sessions_revoked", person.Id.ToString());
    }

    [Fact]
    public async Task List_Revocations_ShowsTheTenantsOwnLatestFirst()
    {
        var (admin, person) = (await AdminAsync(), await own.SignedInAsync());
        await RevokedAsync(admin, "sessions", new { sid = person.SessionId });
        await RevokedAsync(admin, $"users/{person.Id}", new { });

        using var first = await SendAsync(admin, HttpMethod.Get, "?limit=1");
        var page = await first.BodyAsync(HttpStatusCode.OK);
        using var second = await SendAsync(admin, HttpMethod.Get, $"?limit=1&cursor={page.Text("nextCursor")}");

        Assert.Equal(person.Id.ToString(), page.GetProperty("items")[0].Text("value"));
        Assert.Equal(person.SessionId.ToString(), (await second.BodyAsync(HttpStatusCode.OK)).GetProperty("items")[0].Text("value"));
    }

    [Fact]
    public async Task Revoke_InAnotherTenant_IsNotFound()
    {
        var (admin, person) = (await AdminAsync(), await own.SignedInAsync());
        var tenant = Guid.CreateVersion7();
        await own.Host.QueryAsync(async db =>
        {
            db.Tenants.Add(new Tenant { Id = tenant, Name = tenant.ToString("N") });
            await db.SaveChangesAsync();
            await db.Database.ExecuteSqlAsync($"UPDATE users SET tenant_id = {tenant} WHERE id = {person.Id}");
            return await db.Database.ExecuteSqlAsync($"UPDATE sessions SET tenant_id = {tenant} WHERE user_id = {person.Id}");
        });

        using var session = await SendAsync(admin, HttpMethod.Post, "/sessions", new { sid = person.SessionId });
        using var user = await SendAsync(admin, HttpMethod.Post, $"/users/{person.Id}", new { });
        using var bad = await SendAsync(admin, HttpMethod.Post, "/tokens", new { jti = "x" });

        Assert.Equal("not_found", await session.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await user.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal(["jti"], await bad.FaultsAsync());
    }

    private async Task<Person> AdminAsync() => await own.Host.SignedInAsync(own.Http, Role.Admin);

    private async Task<JsonElement> RevokedAsync(Person admin, string what, object body)
    {
        using var answer = await SendAsync(admin, HttpMethod.Post, $"/{what}", body);
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    private Task<HttpResponseMessage> SendAsync(Person admin, HttpMethod method, string path, object? body = null) =>
        IdentityApi.SendAsync(own.Http, method, Path + path, admin.AccessToken, body);
}
