using System.Net;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class ManagingSessionsTests(OwnHost own) : IClassFixture<OwnHost>
{
    private const string Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    [Fact]
    public async Task List_OwnSessions_TellsDeviceAddressTimesAndWhichAsks()
    {
        var (person, stranger) = (await own.SignedInAsync(), await own.SignedInAsync());
        var first = person.SessionId;
        await SeenAsync(person, Firefox);
        await person.LogInAsync();

        var sessions = await ListAsync(person);

        Assert.Equal([person.SessionId, first], sessions.Select(one => one.GetProperty("id").GetGuid()));
        Assert.Equal([true, false], sessions.Select(one => one.GetProperty("current").GetBoolean()));
        Assert.Equal("Firefox on Linux", sessions[1].Text("device"));
        Assert.Equal(Firefox, sessions[1].Text("userAgent"));
        Assert.Equal("127.0.0.1", sessions[1].Text("address"));
        Assert.Equal("platform", sessions[1].Text("kind"));
        Assert.True(sessions[1].GetProperty("createdAt").GetDateTimeOffset() < sessions[1].GetProperty("lastSeenAt").GetDateTimeOffset());
        Assert.DoesNotContain(sessions, one => one.GetProperty("id").GetGuid() == stranger.SessionId);
    }

    [Fact]
    public async Task List_ByPages_ShowsEachOnce()
    {
        var person = await own.SignedInAsync();
        await person.LogInAsync();
        await person.LogInAsync();

        List<Guid> seen = [];
        for (string? cursor = ""; cursor is not null;)
        {
            using var answer = await SendAsync(person, HttpMethod.Get, $"?limit=1{cursor}");
            var page = await answer.BodyAsync(HttpStatusCode.OK);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(one => one.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("nextCursor").GetString() is { } next ? $"&cursor={next}" : null;
        }

        using var bad = await SendAsync(person, HttpMethod.Get, "?limit=0&cursor=x");
        Assert.Equal(3, seen.Distinct().Count());
        Assert.Equal(3, seen.Count);
        Assert.Equal(["cursor", "limit"], await bad.FaultsAsync());
    }

    [Fact]
    public async Task List_SessionsOfApplications_NamesThemAndTheSignInTheyHangOn()
    {
        var (application, person) = (await Application.RegisterAsync(own.Host, own.Http), await own.SignedInAsync());
        using var browser = new Browser(own.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);

        var sessions = await ListAsync(person);
        var (signIn, ofApplication) = (OfKind(sessions, "browser"), OfKind(sessions, "application"));

        Assert.Equal(3, sessions.Count);
        Assert.Equal(application.Client.Id, ofApplication.GetProperty("client").Text("id"));
        Assert.Equal("Notes & <Co>", ofApplication.GetProperty("client").Text("name"));
        Assert.Equal(signIn.Text("id"), ofApplication.Text("parentId"));

        await EndAsync(person, $"/{signIn.Text("id")}");

        Assert.Equal(person.SessionId, Assert.Single(await ListAsync(person)).GetProperty("id").GetGuid());
        using var refused = await application.TryRefreshAsync(tokens.Text("refresh_token"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var (page, _) = await browser.OpenAsync("/account");
        Assert.Contains("<h1>Sign in", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_One_RevokesItAtOnceAndLeavesTheOthers()
    {
        var person = await own.SignedInAsync();
        var (ended, access, refresh) = (person.SessionId, person.AccessToken, person.RefreshToken);
        await person.LogInAsync();

        await EndAsync(person, $"/{ended}");
        using var again = await SendAsync(person, HttpMethod.Delete, $"/{ended}");

        Assert.Equal("not_found", await again.ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync(access)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync(refresh)).StatusCode);
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(own.Http).IntrospectAsync(access));
        await person.RefreshAsync();
        await own.Events.AuditAsync("session.revoked", ended.ToString());
        await own.Events.OneAsync<RevocationIssued>(one => one.Value == ended.ToString() && one.Kind == RevocationKind.Session);
    }

    [Fact]
    public async Task End_AnothersSession_IsNotFoundAndLeavesIt()
    {
        var (person, victim) = (await own.SignedInAsync(), await own.SignedInAsync());

        using var answer = await SendAsync(person, HttpMethod.Delete, $"/{victim.SessionId}");

        Assert.Equal("not_found", await answer.ProblemAsync(HttpStatusCode.NotFound));
        await victim.RefreshAsync();
        Assert.Single(await ListAsync(victim));
    }

    [Fact]
    public async Task End_Others_LeavesTheOneThatAsks()
    {
        var (application, person) = (await Application.RegisterAsync(own.Host, own.Http), await own.SignedInAsync());
        var (access, refresh) = (person.AccessToken, person.RefreshToken);
        using var browser = new Browser(own.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person);
        await person.LogInAsync();

        using var answer = await SendAsync(person, HttpMethod.Post, "/revoke-others");
        using var again = await SendAsync(person, HttpMethod.Post, "/revoke-others");

        Assert.Equal(3, (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("ended").GetInt32());
        Assert.Equal(0, (await again.BodyAsync(HttpStatusCode.OK)).GetProperty("ended").GetInt32());
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync(access)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync(refresh)).StatusCode);
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
        await person.RefreshAsync();
        var record = await own.Events.AuditAsync("user.other_sessions_revoked", person.Id.ToString());
        Assert.Equal("3", record.Detail!["ended"]);
    }

    [Fact]
    public async Task End_OthersByAnApplication_LeavesTheSignInItHangsOn()
    {
        var (application, person) = (await Application.RegisterAsync(own.Host, own.Http), await own.SignedInAsync());
        using var browser = new Browser(own.Http.BaseAddress!);
        var tokens = await application.TokensAsync(browser, person, ("scope", "openid identity:self"));

        using var answer = await IdentityApi.SendAsync(
            own.Http, HttpMethod.Post, "/api/v1/auth/sessions/revoke-others", tokens.Text("access_token"));

        Assert.Equal(1, (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("ended").GetInt32());
        using var refreshed = await application.TryRefreshAsync(tokens.Text("refresh_token"));
        Assert.Equal(HttpStatusCode.OK, refreshed.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync()).StatusCode);
    }

    [Fact]
    public async Task End_All_LeavesNoneAlsoNotTheOneThatAsks()
    {
        var person = await own.SignedInAsync();
        var (access, refresh) = (person.AccessToken, person.RefreshToken);
        await person.LogInAsync();

        await EndAsync(person, "");

        foreach (var token in new[] { access, person.AccessToken })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync(token)).StatusCode);
            Assert.Equal("""{"active":false}""", await TestClient.Gateway(own.Http).IntrospectAsync(token));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync(refresh)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync()).StatusCode);
        await person.LogInAsync();
        Assert.Single(await ListAsync(person));
        await own.Events.AuditAsync("user.sessions_revoked", person.Id.ToString());
    }

    [Fact]
    public async Task List_SessionsOfAUser_IsForAdministratorsOfTheTenant()
    {
        var (admin, person, operators) = (
            await own.Host.SignedInAsync(own.Http, Role.Admin), await own.SignedInAsync(), await own.Host.SignedInAsync(own.Http, Role.Operator));

        var sessions = await OfUserAsync(admin, person.Id);
        using var forbidden = await IdentityApi.SendAsync(
            own.Http, HttpMethod.Get, $"/api/v1/admin/users/{person.Id}/sessions", operators.AccessToken);
        var tenant = await own.Host.MoveToTenantAsync(person);
        using var foreign = await IdentityApi.SendAsync(
            own.Http, HttpMethod.Get, $"/api/v1/admin/users/{person.Id}/sessions", admin.AccessToken);

        Assert.Equal(person.SessionId, Assert.Single(sessions).GetProperty("id").GetGuid());
        Assert.False(sessions[0].GetProperty("current").GetBoolean());
        Assert.Equal("insufficient_scope", await forbidden.ProblemAsync(HttpStatusCode.Forbidden));
        Assert.Equal("not_found", await foreign.ProblemAsync(HttpStatusCode.NotFound));
        Assert.NotEqual(Tenants.Default, tenant);
    }

    private static JsonElement OfKind(IEnumerable<JsonElement> sessions, string kind) =>
        Assert.Single(sessions, one => one.Text("kind") == kind);

    private async Task SeenAsync(Person person, string userAgent)
    {
        own.Time.Advance(TimeSpan.FromMinutes(1));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/auth/me");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {person.AccessToken}");
        request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        (await own.Http.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private async Task EndAsync(Person person, string path)
    {
        using var answer = await SendAsync(person, HttpMethod.Delete, path);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private async Task<List<JsonElement>> ListAsync(Person person)
    {
        using var answer = await SendAsync(person, HttpMethod.Get, "");
        return [.. (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray()];
    }

    private async Task<List<JsonElement>> OfUserAsync(Person admin, Guid id)
    {
        using var answer = await IdentityApi.SendAsync(own.Http, HttpMethod.Get, $"/api/v1/admin/users/{id}/sessions", admin.AccessToken);
        return [.. (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("items").EnumerateArray()];
    }

    private Task<HttpResponseMessage> SendAsync(Person person, HttpMethod method, string path) =>
        IdentityApi.SendAsync(own.Http, method, $"/api/v1/auth/sessions{path}", person.AccessToken);
}
