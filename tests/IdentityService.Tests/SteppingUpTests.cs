using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class SteppingUpTests : IClassFixture<OwnHost>
{
    private const string Renew = "2fa/recovery-codes";

    private readonly OwnHost _own;

    public SteppingUpTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task Ask_SecondFactorTooLongAgo_IsToldWhatItTakes()
    {
        var (person, _) = await WithSecondFactorAsync();
        _own.Time.Advance(TimeSpan.FromSeconds(599));
        await RenewAsync(person, HttpStatusCode.OK);
        _own.Time.Advance(TimeSpan.FromSeconds(2));

        using var answer = await person.SendAsync(HttpMethod.Post, Renew, token: person.AccessToken);

        Assert.Equal("insufficient_user_authentication", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(
            "Bearer realm=\"platform\", error=\"insufficient_user_authentication\", error_description=\"A more recent authentication is required.\", acr_values=\"aal2\", max_age=\"600\"",
            answer.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task StepUp_WithACode_GivesAFreshTokenOfTheSameSession()
    {
        var (person, app) = await WithSecondFactorAsync();
        _own.Time.Advance(TimeSpan.FromMinutes(11));
        await RenewAsync(person, HttpStatusCode.Unauthorized);

        var tokens = await (await StepUpAsync(person, new { code = app.Code })).BodyAsync(HttpStatusCode.OK);

        var claims = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(person.SessionId, claims.GetProperty("sid").GetGuid());
        Assert.Equal("aal2", claims.Text("acr"));
        Assert.Equal(_own.Time.GetUtcNow().ToUnixTimeSeconds(), claims.GetProperty("auth_time").GetInt64());
        Assert.False(tokens.TryGetProperty("refresh_token", out _));
        await RenewAsync(person, HttpStatusCode.OK, tokens.Text("access_token"));
        await _own.Events.AuditAsync("user.stepped_up", person.Id.ToString());
    }

    [Fact]
    public async Task StepUp_WithAPasswordAlone_IsNotEnoughForWhoeverHasMore()
    {
        var (person, app) = await WithSecondFactorAsync();
        _own.Time.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal("second_factor_needed", await (await StepUpAsync(person, new { password = person.Password })).ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal("invalid_code", await (await StepUpAsync(person, new { code = app.WrongCode })).ProblemAsync(HttpStatusCode.BadRequest));
        await RenewAsync(person, HttpStatusCode.Unauthorized);
        await (await StepUpAsync(person, new { recovery_code = app.RecoveryCodes[0] })).BodyAsync(HttpStatusCode.OK);
        await RenewAsync(person, HttpStatusCode.OK);
    }

    [Fact]
    public async Task StepUp_WithoutASecondFactor_TakesThePassword()
    {
        var admin = await _own.Host.SignedInAsync(_own.Http, Role.Admin);
        _own.Time.Advance(TimeSpan.FromMinutes(11));
        using var refused = await CreateClientAsync(admin);
        Assert.Equal("insufficient_user_authentication", await refused.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Contains("acr_values=\"aal1\"", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);

        Assert.Equal("current_password_wrong", await (await StepUpAsync(admin, new { password = "not the password at all" })).ProblemAsync(HttpStatusCode.BadRequest));
        await _own.Events.AuditAsync("user.stepped_up", admin.Id.ToString(), AuditResult.Denied);
        Assert.Equal("insufficient_user_authentication", await (await CreateClientAsync(admin)).ProblemAsync(HttpStatusCode.Unauthorized));
        var tokens = await (await StepUpAsync(admin, new { password = admin.Password })).BodyAsync(HttpStatusCode.OK);

        Assert.Equal("aal1", Jwt.Claims(tokens.Text("access_token")).Text("acr"));
        await (await CreateClientAsync(admin)).BodyAsync(HttpStatusCode.Created);
    }

    [Fact]
    public async Task StepUp_WithACodeOfAnUnconfirmedAuthenticator_IsRefused()
    {
        var person = await _own.SignedInAsync();
        var setUp = await (await person.SendAsync(HttpMethod.Post, "2fa/setup", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);

        using var answer = await StepUpAsync(person, new { code = new CodeApp(setUp.Text("secret"), _own.Time).Code });

        Assert.Equal("invalid_code", await answer.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Ask_ForAnythingDangerousLongAfterSigningIn_AsksForProof()
    {
        var admin = await _own.Host.SignedInAsync(_own.Http, Role.PlatformAdmin);
        _own.Time.Advance(TimeSpan.FromMinutes(11));

        List<string> unguarded = [];
        foreach (var (method, path, body) in Dangerous())
        {
            using var answer = await IdentityApi.SendAsync(_own.Http, new HttpMethod(method), path, admin.AccessToken, body, ifMatch: "*");
            if (!(await answer.Content.ReadAsStringAsync()).Contains("\"insufficient_user_authentication\"", StringComparison.Ordinal))
            {
                unguarded.Add($"{method} {path}: {answer.StatusCode}");
            }
        }

        Assert.Empty(unguarded);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"password":"a","code":"123456"}""")]
    [InlineData("""{"code":"123456","recovery_code":"a"}""")]
    public async Task StepUp_NotExactlyOneProof_IsInvalid(string body)
    {
        var person = await _own.SignedInAsync();

        Assert.Equal(["code"], await (await StepUpAsync(person, body)).FaultsAsync());
    }

    [Fact]
    public async Task Ask_WithATokenOfNoPerson_IsRefused()
    {
        var admin = await _own.Host.SignedInAsync(_own.Http, Role.Admin);
        var key = await (await admin.SendAsync(
            HttpMethod.Post, "api-keys", new { name = "robot", scopes = (string[])["identity:admin"] }, admin.AccessToken)).BodyAsync(HttpStatusCode.Created);
        var token = (await TestClient.Gateway(_own.Http).ExchangeAsync(key.Text("key"))).Text("access_token");

        using var answer = await IdentityApi.SendAsync(_own.Http, HttpMethod.Post, "/api/v1/admin/clients", token, NewClient);

        Assert.Equal("insufficient_user_authentication", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task StepUp_WithAnApplicationsToken_IsLedToTheAuthorizationRequest()
    {
        var (application, person) = (await Application.RegisterAsync(_own.Host, _own.Http), await _own.SignedInAsync());
        using var browser = new Browser(_own.Http.BaseAddress!);
        var token = (await application.TokensAsync(browser, person, ("scope", "openid identity:self"))).Text("access_token");

        using var answer = await person.SendAsync(HttpMethod.Post, "step-up", new { password = person.Password }, token);

        Assert.Equal("use_authorization_request", await answer.ProblemAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Ask_WithATokenOfASessionThatEnded_IsRefused()
    {
        var admin = await _own.Host.SignedInAsync(_own.Http, Role.Admin);
        await _own.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE sessions SET revoked_at = now() WHERE id = {admin.SessionId}"));

        using var answer = await CreateClientAsync(admin);

        Assert.Equal("insufficient_user_authentication", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Update_OfTheAddressLongAfterSigningIn_AsksForProof()
    {
        var person = await _own.SignedInAsync();
        _own.Time.Advance(TimeSpan.FromMinutes(11));

        using var refused = await person.TryUpdateAsync(new { email = $"new-{person.Email}", displayName = "Ada" }, "*");

        Assert.Equal("insufficient_user_authentication", await refused.ProblemAsync(HttpStatusCode.Unauthorized));
        await (await person.TryUpdateAsync(new { email = person.Email, displayName = "Ada" }, "*")).BodyAsync(HttpStatusCode.OK);
    }

    private static object NewClient => new
    {
        name = "Reports",
        authentication = "secret",
        grantTypes = (string[])["client_credentials"],
        scopes = (string[])["devices:read"],
    };

    private static IEnumerable<(string Method, string Path, object? Body)> Dangerous()
    {
        var id = Guid.CreateVersion7();
        yield return ("POST", "/api/v1/auth/2fa/setup", null);
        yield return ("POST", "/api/v1/auth/2fa/recovery-codes", null);
        yield return ("POST", "/api/v1/auth/passkeys/options", null);
        yield return ("POST", "/api/v1/auth/passkeys", new { challenge = "x", name = "Key", credential = new { id = "x" } });
        yield return ("DELETE", "/api/v1/auth/passkeys/abcd", null);
        yield return ("POST", "/api/v1/auth/keys/rotate", new { });
        yield return ("POST", "/api/v1/admin/keys/rotate", new { });
        yield return ("POST", "/api/v1/admin/clients", NewClient);
        yield return ("POST", $"/api/v1/admin/clients/{id}/secret", null);
        yield return ("DELETE", $"/api/v1/admin/users/{id}", null);
        yield return ("PUT", $"/api/v1/admin/users/{id}/roles", new { roles = (string[])["viewer"] });
        yield return ("POST", $"/api/v1/admin/users/{id}/disable", null);
        yield return ("POST", $"/api/v1/admin/users/{id}/reset-password", null);
        yield return ("POST", $"/api/v1/admin/users/{id}/reset-second-factor", null);
    }

    private Task<HttpResponseMessage> CreateClientAsync(Person admin) =>
        IdentityApi.SendAsync(_own.Http, HttpMethod.Post, "/api/v1/admin/clients", admin.AccessToken, NewClient);

    private static Task<HttpResponseMessage> StepUpAsync(Person person, object body) =>
        person.SendAsync(HttpMethod.Post, "step-up", body, person.AccessToken);

    private static async Task RenewAsync(Person person, HttpStatusCode expected, string? token = null)
    {
        using var answer = await person.SendAsync(HttpMethod.Post, Renew, token: token ?? person.AccessToken);
        Assert.Equal(expected, answer.StatusCode);
    }

    private async Task<(Person Person, CodeApp App)> WithSecondFactorAsync()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        return (person, app);
    }
}
