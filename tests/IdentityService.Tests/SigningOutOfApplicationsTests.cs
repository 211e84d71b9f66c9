using System.Net;
using System.Text.Json;
using IdentityService.SigningOut;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class SigningOutOfApplicationsTests(IdentityApi api)
{
    [Fact]
    public async Task SignOut_WithTheIdTokenOfThisSignIn_EndsEverythingAndReturns()
    {
        var (application, other, person) = (await NewAsync(), await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var tokens = await application.TokensAsync(browser, person);
        var others = await other.TokensAsync(browser, person);

        var (_, back) = await browser.OpenAsync(LogoutOf(
            ("id_token_hint", tokens.Text("id_token")), ("post_logout_redirect_uri", Application.SignedOutUri), ("state", "s & t")));

        Assert.Equal($"{Application.SignedOutUri}?state=s%20%26%20t", back!.AbsoluteUri);
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
        Assert.Equal("""{"active":false}""", await other.Client.IntrospectAsync(others.Text("access_token")));
        Assert.Contains("<h1>Sign in", (await browser.OpenAsync("/account")).Text, StringComparison.Ordinal);
        await person.RefreshAsync(); // the sign-in elsewhere goes on
    }

    [Fact]
    public async Task SignOut_WithoutProof_AsksTheUser()
    {
        var (application, person, stranger) = (await NewAsync(), await api.SignedInAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        using var elsewhere = NewBrowser();
        var tokens = await application.TokensAsync(browser, person);
        var foreign = await application.TokensAsync(elsewhere, stranger);

        var (plain, _) = await browser.OpenAsync(LogoutOf());
        var (withForeign, _) = await browser.OpenAsync(LogoutOf(("id_token_hint", foreign.Text("id_token"))));
        var (withTarget, _) = await browser.OpenAsync(LogoutOf(
            ("client_id", application.Client.Id), ("post_logout_redirect_uri", Application.SignedOutUri), ("state", "s")));
        Assert.Contains("true", await application.Client.IntrospectAsync(tokens.Text("access_token")), StringComparison.Ordinal);
        var (_, back) = await browser.SubmitAsync(withTarget);

        Assert.All([plain, withForeign, withTarget], page => Assert.Contains("<h1>Sign out?", page, StringComparison.Ordinal));
        Assert.Equal($"{Application.SignedOutUri}?state=s", back!.AbsoluteUri);
        Assert.Equal("""{"active":false}""", await application.Client.IntrospectAsync(tokens.Text("access_token")));
    }

    [Fact]
    public async Task SignOut_ToAnAddressNotRegistered_GoesNowhere()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var tokens = await application.TokensAsync(browser, person);
        (string, string)[][] bad =
        [
            [("id_token_hint", tokens.Text("id_token")), ("post_logout_redirect_uri", "https://evil.test")],
            [("post_logout_redirect_uri", Application.SignedOutUri)],
            [("id_token_hint", tokens.Text("access_token"))],
            [("id_token_hint", tokens.Text("id_token")[..^6] + "AAAAAA")],
            [("id_token_hint", tokens.Text("id_token")), ("client_id", Guid.CreateVersion7().ToString())],
        ];

        foreach (var query in bad)
        {
            using var answer = await browser.GetAsync(LogoutOf(query));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        Assert.Contains("true", await application.Client.IntrospectAsync(tokens.Text("access_token")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_Session_TellsTheApplicationHoweverItEnded()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        var application = await Application.RegisterAsync(api.Host, api.Http, row => row.BackChannelLogoutUri = receiver.Address);
        var person = await api.SignedInAsync();
        using var browser = NewBrowser();
        var byUser = await application.TokensAsync(browser, person);
        var (account, _) = await browser.OpenAsync("/account");
        await browser.SubmitAsync(account);
        var byRevocation = await application.TokensAsync(browser, person);
        (await application.Client.AskAsync("/connect/revoke", ("token", byRevocation.Text("refresh_token")))).Dispose();
        var byPassword = await application.TokensAsync(browser, person);
        (await person.TryChangePasswordAsync(person.Password, "eleven loud geese at dusk")).Dispose();

        var tokens = await receiver.TakeAsync(3);

        Assert.Equal(
            new[] { byUser, byRevocation, byPassword }.Select(one => Jwt.Claims(one.Text("id_token")).Text("sid")).Order(),
            tokens.Select(token => Jwt.Claims(token).Text("sid")).Order());
        var claims = Jwt.Claims(tokens[0]);
        Assert.Equal("logout+jwt", Jwt.Header(tokens[0]).Text("typ"));
        Assert.Equal(application.Client.Id, claims.Text("aud"));
        Assert.Equal(person.Id.ToString(), claims.Text("sub"));
        Assert.Equal(JsonValueKind.Object, claims.GetProperty("events").GetProperty("http://schemas.openid.net/event/backchannel-logout").ValueKind);
        Assert.False(claims.TryGetProperty("nonce", out _));
        await Eventually.Async(
            () => Task.FromResult(api.Events.Of<AuditRecorded>(one => one.Action == "client.logout_notified" && one.ResourceId == application.Client.Id).Count == 3),
            IdentityApi.Deadline);
    }

    [Fact]
    public async Task End_Session_TriesAgainWhileTheApplicationIsAway()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        receiver.Status = HttpStatusCode.ServiceUnavailable;
        var application = await Application.RegisterAsync(api.Host, api.Http, row => row.BackChannelLogoutUri = receiver.Address);
        using var browser = NewBrowser();
        await application.TokensAsync(browser, await api.SignedInAsync());
        var (account, _) = await browser.OpenAsync("/account");
        await browser.SubmitAsync(account);
        await receiver.TakeAsync(1);
        receiver.Status = HttpStatusCode.OK;

        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE sessions SET notice_due_at = now() WHERE client_id = {Guid.Parse(application.Client.Id)}"));

        await receiver.TakeAsync(2);
        await Eventually.Async(
            () => api.Host.QueryAsync(db => db.Sessions.AnyAsync(row => row.ClientId == Guid.Parse(application.Client.Id) && row.NoticeDueAt == null)),
            IdentityApi.Deadline);
    }

    [Fact]
    public async Task Tell_APrivateAddress_IsNotDoneUnlessAllowed()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, settings: ("Clients:PrivateCallbacks", "false"));
        var callbacks = host.Services.GetRequiredService<LogoutCallbacks>();

        var fault = await callbacks.PostAsync(
            new DueNotice(Guid.CreateVersion7(), Guid.CreateVersion7(), Tenants.Default, Guid.CreateVersion7(), receiver.Address, 1), TestContext.Current.CancellationToken);

        Assert.Equal("private_address", fault);
        Assert.Empty(receiver.Tokens);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:192.168.1.1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("1.1.1.1", true)]
    [InlineData("2606:4700::1111", true)]
    public void Address_IsPublicOrNot(string address, bool expected) =>
        Assert.Equal(expected, PublicAddresses.Contain(IPAddress.Parse(address)));

    private static string LogoutOf(params (string Name, string Value)[] query) => QueryHelpers.AddQueryString(
        "/connect/logout", query.ToDictionary(one => one.Name, one => (string?)one.Value, StringComparer.Ordinal));

    private Task<Application> NewAsync() => Application.RegisterAsync(api.Host, api.Http);

    private Browser NewBrowser() => new(api.Http.BaseAddress!);
}
