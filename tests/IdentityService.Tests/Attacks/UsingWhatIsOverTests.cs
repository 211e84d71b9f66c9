using System.Net;
using IdentityService.Authorization;
using IdentityService.Clients;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests.Attacks;

/// <summary>What was good once: after its time, and after an administrator took away what it stood on.</summary>
public sealed class UsingWhatIsOverTests(IdentityApi api)
{
    [Fact]
    public async Task Exchange_CodeAfterItsTime_IsRefused()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);
        var id = Guid.Parse(application.Client.Id);
        await api.Host.QueryAsync(db => db.AuthorizationCodes.Where(row => row.ClientId == id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, row => row.ExpiresAt.AddHours(-1))));

        using var answer = await application.TryExchangeAsync(code);

        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Authorize_PushedRequestAfterItsTime_ShowsAPage()
    {
        var application = await NewAsync();
        using var browser = NewBrowser();
        using var answer = await application.Client.AskAsync("/connect/par", [.. application.Parameters().Select(one => (one.Key, one.Value!))]);
        var uri = (await answer.BodyAsync(HttpStatusCode.Created)).Text("request_uri");
        var id = Guid.Parse(application.Client.Id);
        await api.Host.QueryAsync(db => db.AuthorizationRequests.Where(row => row.ClientId == id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, row => row.ExpiresAt.AddHours(-1))));

        var (text, _) = await browser.OpenAsync(AddressOf(application, uri));

        Assert.Contains("invalid_request_uri", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorize_RequestFromBeforePushingWasRequired_IsRefused()
    {
        var application = await NewAsync();
        using var browser = NewBrowser();
        using var kept = await browser.GetAsync(application.Address());
        var handle = QueryHelpers.ParseQuery(kept.Headers.Location!.OriginalString.Split('?')[1])["request"].ToString();
        await ChangeAsync(application, row => row.RequiresPushedRequests = true);

        var (_, back) = await browser.OpenAsync(AddressOf(application, AuthorizationRequests.UriPrefix + handle));

        Assert.Equal("invalid_request", QueryHelpers.ParseQuery(back!.Query)["error"]);
    }

    [Fact]
    public async Task Authorize_DisabledApplication_ShowsAPage()
    {
        var application = await NewAsync();
        await ChangeAsync(application, row => row.Disable(true, TimeProvider.System.GetUtcNow()));
        using var browser = NewBrowser();

        using var answer = await browser.GetAsync(application.Address());

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("invalid_client", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_ForAGrantTakenAway_IsRefusedWhateverIsInHand()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var code = await application.CodeAsync(browser, person);
        var tokens = await application.TokensAsync(browser, person);
        using var started = await application.Client.AskAsync("/connect/device_authorization", ("scope", "openid"));
        var deviceCode = (await started.BodyAsync(HttpStatusCode.OK)).Text("device_code");
        await ChangeAsync(application, row => row.GrantTypes = [ClientTokens.Grant]);

        using var exchange = await application.TryExchangeAsync(code);
        using var refresh = await application.TryRefreshAsync(tokens.Text("refresh_token"));
        using var poll = await application.Client.AskAsync(
            "/connect/token", ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", deviceCode));
        var (_, back) = await browser.OpenAsync(application.Address());

        foreach (var answer in new[] { exchange, refresh, poll })
        {
            Assert.Equal("unauthorized_client", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
        }

        Assert.Equal("unauthorized_client", QueryHelpers.ParseQuery(back!.Query)["error"]);
    }

    [Fact]
    public async Task Refresh_ScopeTakenFromTheApplication_GivesItNoMore()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync(Accounts.Role.Viewer));
        using var browser = NewBrowser();
        var token = (await application.TokensAsync(browser, person)).Text("refresh_token");
        await ChangeAsync(application, row => row.Scopes = ["openid"]);

        using var answer = await application.TryRefreshAsync(token);

        Assert.Equal("openid", (await answer.BodyAsync(HttpStatusCode.OK)).Text("scope"));
    }

    [Fact]
    public async Task Poll_AfterTheUserSignedOut_GivesNothing()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        using var started = await application.Client.AskAsync("/connect/device_authorization", ("scope", "openid"));
        var body = await started.BodyAsync(HttpStatusCode.OK);
        var (page, _) = await browser.OpenAsync(new Uri(body.Text("verification_uri_complete")).PathAndQuery);
        (page, _) = await browser.SignInAsync(page, person);
        await browser.SubmitAsync(page, ("decision", "allow"));
        await browser.SubmitAsync((await browser.OpenAsync("/account")).Text);

        using var answer = await application.Client.AskAsync(
            "/connect/token", ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", body.Text("device_code")));

        Assert.Equal("invalid_grant", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    private static string AddressOf(Application application, string requestUri) =>
        $"/connect/authorize?client_id={application.Client.Id}&request_uri={Uri.EscapeDataString(requestUri)}";

    private Task<int> ChangeAsync(Application application, Action<Client> change) => api.Host.QueryAsync(async db =>
    {
        change(await db.Clients.SingleAsync(row => row.Id == Guid.Parse(application.Client.Id)));
        return await db.SaveChangesAsync();
    });

    private Task<Application> NewAsync() => Application.RegisterAsync(api.Host, api.Http);

    private Browser NewBrowser() => new(api.Http.BaseAddress!);
}
