using System.Net;
using System.Text.Json;
using IdentityService.Clients;
using IdentityService.DeviceGrants;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class DeviceGrantTests(IdentityApi api)
{
    [Fact]
    public async Task Connect_WholeWay_GivesTheDeviceItsTokens()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var started = await StartAsync(application);
        Assert.Matches("^[B-DF-HJ-NP-TV-Z]{4}-[B-DF-HJ-NP-TV-Z]{4}$", started.Text("user_code"));
        Assert.Equal("https://platform.test/account/device", started.Text("verification_uri"));
        await PollAsync(application, started, "authorization_pending");
        await PollAsync(application, started, "slow_down");

        var (signIn, _) = await browser.OpenAsync(new Uri(started.Text("verification_uri_complete")).PathAndQuery);
        var (question, _) = await browser.SignInAsync(signIn, person);
        Assert.Contains(started.Text("user_code"), question, StringComparison.Ordinal);
        var (done, _) = await browser.SubmitAsync(question, ("decision", "allow"));

        Assert.Contains("Device connected", done, StringComparison.Ordinal);
        await RestAsync(started);
        using var answer = await TryPollAsync(application, started);
        var tokens = await answer.BodyAsync(HttpStatusCode.OK);
        Assert.Equal(person.Id.ToString(), Jwt.Claims(tokens.Text("access_token")).Text("sub"));
        Assert.Equal(application.Client.Id, Jwt.Claims(tokens.Text("id_token")).Text("aud"));
        Assert.NotEmpty(tokens.Text("refresh_token"));
        await PollAsync(application, started, "invalid_grant");
        await api.Events.AuditAsync("device_grant.approved", application.Client.Id);
    }

    [Fact]
    public async Task Connect_Denied_TellsTheDevice()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var started = await StartAsync(application);
        var (signIn, _) = await browser.OpenAsync("/account/device");
        await browser.SignInAsync(signIn, person);
        var typed = started.Text("user_code").ToLowerInvariant().Replace('-', ' ');
        var (question, _) = await browser.OpenAsync($"/account/device?user_code={typed}");

        await browser.SubmitAsync(question, ("decision", "deny"));

        await PollAsync(application, started, "access_denied");
        await api.Events.AuditAsync("device_grant.denied", application.Client.Id, AuditResult.Denied);
    }

    [Fact]
    public async Task Poll_TooLateOrByAnother_IsRefused()
    {
        var (application, other) = (await NewAsync(), await NewAsync());
        var started = await StartAsync(application);
        await PollAsync(other, started, "invalid_grant");

        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE device_grants SET expires_at = now() WHERE user_code = {CodeOf(started)}"));

        await PollAsync(application, started, "expired_token");
    }

    [Fact]
    public async Task Poll_ApprovedSideBySide_GivesTokensOnce()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        var started = await StartAsync(application);
        var (signIn, _) = await browser.OpenAsync(new Uri(started.Text("verification_uri_complete")).PathAndQuery);
        var (question, _) = await browser.SignInAsync(signIn, person);
        await browser.SubmitAsync(question, ("decision", "allow"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => TryPollAsync(application, started)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Guess_Codes_IsSlowedDownByAccountAndAddress()
    {
        await using var host = IdentityHost.Start(await api.NewBackingAsync(), services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        var application = await Application.RegisterAsync(host, http);
        var person = new Person(http);
        await person.RegisterAsync();
        using var browser = new Browser(http.BaseAddress!);
        var (signIn, _) = await browser.OpenAsync("/account/device");
        await browser.SignInAsync(signIn, person);
        var text = "";
        for (var guess = 0; guess < 7; guess++)
        {
            (text, _) = await browser.OpenAsync("/account/device?user_code=BBBBBBBB");
        }

        var code = CodeOf(await StartAsync(application));
        var (right, _) = await browser.OpenAsync($"/account/device?user_code={code}");
        await RenameAsync("user-code:127.0.0.1", "aside");
        var (byAccount, _) = await browser.OpenAsync($"/account/device?user_code={code}");
        await RenameAsync("aside", "user-code:127.0.0.1");
        await RenameAsync($"user-code:{person.Id}", "aside");
        var (byAddress, _) = await browser.OpenAsync($"/account/device?user_code={code}");

        Assert.All([text, right, byAccount, byAddress], page => Assert.Contains("Too many wrong codes", page, StringComparison.Ordinal));

        Task RenameAsync(string from, string to) => host.QueryAsync(db =>
            db.Database.ExecuteSqlAsync($"UPDATE failed_sign_ins SET key = {to}, blocked_until = now() + interval '1 hour' WHERE key = {from}"));
    }

    [Fact]
    public async Task Start_ByAClientThatMayNot_IsRefused()
    {
        var may = await NewAsync();
        var mayNot = await NewAsync(row => row.GrantTypes = ["authorization_code"]);

        using var grant = await mayNot.Client.AskAsync("/connect/device_authorization");
        using var scope = await may.Client.AskAsync("/connect/device_authorization", ("scope", "identity:admin"));
        using var nobody = await may.Client.AskOpenlyAsync("/connect/device_authorization", ("client_id", may.Client.Id));

        Assert.Equal("unauthorized_client", (await grant.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_scope", (await scope.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        Assert.Equal("invalid_client", (await nobody.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
    }

    private static string CodeOf(JsonElement started) => DeviceGrant.Normalize(started.Text("user_code"));

    private static async Task<JsonElement> StartAsync(Application application)
    {
        using var answer = await application.Client.AskAsync("/connect/device_authorization", ("scope", "openid identity:self"));
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    private static Task<HttpResponseMessage> TryPollAsync(Application application, JsonElement started) => application.Client.AskAsync(
        "/connect/token", ("grant_type", DeviceCodeGrant.Grant), ("device_code", started.Text("device_code")));

    private static async Task PollAsync(Application application, JsonElement started, string error)
    {
        using var answer = await TryPollAsync(application, started);
        Assert.Equal(error, (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    // As if the device had waited as long as it was told.
    private Task RestAsync(JsonElement started) => api.Host.QueryAsync(db =>
        db.Database.ExecuteSqlAsync($"UPDATE device_grants SET last_polled_at = NULL WHERE user_code = {CodeOf(started)}"));

    private Task<Application> NewAsync(Action<Client>? change = null) => Application.RegisterAsync(api.Host, api.Http, change);
}
