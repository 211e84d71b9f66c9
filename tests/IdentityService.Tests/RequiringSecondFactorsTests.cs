using System.Net;
using IdentityService.Accounts;
using IdentityService.SecondFactor;
using IdentityService.Tests.Support;

namespace IdentityService.Tests;

/// <summary>A platform whose administrators must have a second factor.</summary>
public sealed class RequiringSecondFactorsTests(IdentityApi api)
{
    [Fact]
    public async Task LogIn_AdministratorWithout_IsNoneUntilOneIsSetUp()
    {
        var time = new ShiftedTime();
        time.Freeze();
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), time, IdentityHost.FastHashes, settings: ("SecondFactor:RequiredOfAdministrators", "true"));
        using var http = host.CreateClient();
        var admin = await host.SignedInAsync(http, Role.Admin);
        Assert.Equal("identity:self", Jwt.Claims(admin.AccessToken).Text("scope"));
        Assert.Equal(0, Jwt.Claims(admin.AccessToken).GetProperty("roles").GetArrayLength());
        using var refused = await IdentityApi.SendAsync(http, HttpMethod.Get, "/api/v1/admin/clients", admin.AccessToken);
        Assert.Equal("insufficient_scope", await refused.ProblemAsync(HttpStatusCode.Forbidden));

        var app = await CodeApp.EnableAsync(admin, time);
        await admin.RefreshAsync();

        Assert.Contains("identity:admin", Jwt.Claims(admin.AccessToken).Text("scope"), StringComparison.Ordinal);
        using var allowed = await IdentityApi.SendAsync(http, HttpMethod.Get, "/api/v1/admin/clients", admin.AccessToken);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);

        var key = (await (await admin.SendAsync(
            HttpMethod.Post, "api-keys", new { name = "robot", scopes = (string[])["identity:admin", "identity:self"] }, admin.AccessToken)).BodyAsync(HttpStatusCode.Created)).Text("key");
        Assert.Equal("identity:admin identity:self", await ScopeOfAsync(http, key));
        time.Advance(OneTimePassword.Step);
        using var disabled = await admin.SendAsync(HttpMethod.Post, "2fa/disable", new { password = admin.Password, code = app.Code }, admin.AccessToken);
        Assert.Equal(HttpStatusCode.NoContent, disabled.StatusCode);
        Assert.Equal("identity:self", await ScopeOfAsync(http, key));
        await admin.LogInAsync();
        Assert.Equal("identity:self", Jwt.Claims(admin.AccessToken).Text("scope"));
    }

    private static async Task<string> ScopeOfAsync(HttpClient http, string key) =>
        Jwt.Claims((await TestClient.Gateway(http).ExchangeAsync(key)).Text("access_token")).Text("scope");
}
