using System.Net;
using IdentityService.Tests.Support;

namespace IdentityService.Tests;

public sealed class UserInfoTests(IdentityApi api)
{
    [Fact]
    public async Task Show_UserInfo_TellsWhatTheScopesAllow()
    {
        var (application, person) = (await NewAsync(), await api.SignedInAsync());
        using var browser = NewBrowser();
        var tokens = await application.TokensAsync(browser, person, ("scope", "openid email"));
        var withoutOpenId = await application.TokensAsync(browser, person, ("scope", "devices:read"));

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            using var answer = await application.UserInfoAsync(tokens.Text("access_token"), method);
            var body = await answer.BodyAsync(HttpStatusCode.OK);
            Assert.Equal(["email", "email_verified", "sub"], body.EnumerateObject().Select(one => one.Name).Order());
            Assert.Equal(person.Id.ToString(), body.Text("sub"));
            Assert.Equal(person.Email, body.Text("email"));
        }

        using var forbidden = await application.UserInfoAsync(withoutOpenId.Text("access_token"));
        using var idToken = await application.UserInfoAsync(tokens.Text("id_token"));
        Assert.False(withoutOpenId.TryGetProperty("id_token", out _));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        Assert.Equal("invalid_token", await idToken.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    private Task<Application> NewAsync() => Application.RegisterAsync(api.Host, api.Http);

    private Browser NewBrowser() => new(api.Http.BaseAddress!);
}
