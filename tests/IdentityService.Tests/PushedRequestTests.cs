using System.Net;
using IdentityService.Clients;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;

namespace IdentityService.Tests;

public sealed class PushedRequestTests(IdentityApi api)
{
    [Fact]
    public async Task Push_ThenAuthorize_UsesWhatWasPushedOnce()
    {
        var (application, person) = (await NewAsync(row => row.RequiresPushedRequests = true), await api.SignedInAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        using var answer = await PushAsync(application);
        var pushed = await answer.BodyAsync(HttpStatusCode.Created);
        var address = $"/connect/authorize?client_id={application.Client.Id}&request_uri={Uri.EscapeDataString(pushed.Text("request_uri"))}";

        var (signIn, _) = await browser.OpenAsync($"{address}&scope=identity:admin&redirect_uri=https%3A%2F%2Fevil.test");
        var (consent, _) = await browser.SignInAsync(signIn, person);
        var (_, back) = await browser.SubmitAsync(consent, ("decision", "allow"));
        var (again, _) = await browser.OpenAsync(address);

        Assert.InRange(pushed.GetProperty("expires_in").GetInt32(), 5, 600);
        var query = QueryHelpers.ParseQuery(back!.Query);
        Assert.Equal("a state & more", query["state"]);
        await application.ExchangeAsync(query["code"].ToString());
        Assert.Contains("does not work", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorize_WithoutPushing_IsRefusedWhereItIsRequired()
    {
        var application = await NewAsync(row => row.RequiresPushedRequests = true);
        using var browser = new Browser(api.Http.BaseAddress!);

        var (_, back) = await browser.OpenAsync(application.Address());

        Assert.Equal("invalid_request", QueryHelpers.ParseQuery(back!.Query)["error"]);
    }

    [Fact]
    public async Task Authorize_WithAnothersRequest_ShowsAPage()
    {
        var (application, other) = (await NewAsync(), await NewAsync());
        using var browser = new Browser(api.Http.BaseAddress!);
        using var answer = await PushAsync(application);
        var uri = (await answer.BodyAsync(HttpStatusCode.Created)).Text("request_uri");

        var (text, _) = await browser.OpenAsync($"/connect/authorize?client_id={other.Client.Id}&request_uri={Uri.EscapeDataString(uri)}");

        Assert.Contains("invalid_request_uri", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redirect_uri", "https://evil.test", "invalid_request")]
    [InlineData("request_uri", "urn:x", "invalid_request")]
    [InlineData("scope", "identity:admin", "invalid_scope")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    public async Task Push_BadParameter_IsRefusedAtOnce(string name, string value, string error)
    {
        var application = await NewAsync();
        using var answer = await PushAsync(application, (name, value));

        Assert.Equal(error, (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Fact]
    public async Task Push_WithoutProof_IsRefused()
    {
        var application = await NewAsync();
        using var answer = await application.Client.AskOpenlyAsync("/connect/par", [.. application.Parameters().Select(one => (one.Key, one.Value!))]);

        Assert.Equal("invalid_client", (await answer.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
    }

    private static Task<HttpResponseMessage> PushAsync(Application application, params (string Name, string Value)[] changes)
    {
        var form = application.Parameters();
        foreach (var (name, value) in changes)
        {
            form[name] = value;
        }

        return application.Client.AskAsync("/connect/par", [.. form.Select(one => (one.Key, one.Value!))]);
    }

    private Task<Application> NewAsync(Action<Client>? change = null) => Application.RegisterAsync(api.Host, api.Http, change);
}
