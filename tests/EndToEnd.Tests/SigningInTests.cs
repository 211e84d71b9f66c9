using System.Net;
using System.Net.Http.Json;
using EndToEnd.Tests.Support;

namespace EndToEnd.Tests;

public sealed class SigningInTests(RunningPlatform platform)
{
    [Fact]
    public async Task Register_SignInRefreshAndSignOut_EachStepHolds()
    {
        using var person = platform.Visit();
        var account = await person.RegisterAsync();
        Assert.Equal(person.UserName, account.GetProperty("username").GetString());

        await person.SignInAsync();
        var me = await person.GetAsync("/api/v1/auth/me");
        Assert.Equal(person.UserName, me.GetProperty("username").GetString());

        var (firstAccess, firstRefresh) = (person.AccessToken, person.RefreshToken);
        await person.RefreshAsync();
        Assert.NotEqual(firstAccess, person.AccessToken);
        Assert.NotEqual(firstRefresh, person.RefreshToken);
        await person.GetAsync("/api/v1/auth/me");

        await person.SignOutAsync();
        using var refused = await person.Http.GetAsync("/api/v1/auth/me");
        Assert.Equal("invalid_token", await PlatformClient.ProblemAsync(refused, HttpStatusCode.Unauthorized));
        Assert.Contains("error=\"invalid_token\"", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignOut_OfOneSession_EndsItsTokensAndNoOthers()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        await person.SignInAsync();
        using var elsewhere = platform.Visit();
        await elsewhere.SignInAsync(person.UserName, PlatformClient.NewPassword);
        var ended = person.RefreshToken;

        await person.SignOutAsync();

        await elsewhere.GetAsync("/api/v1/auth/me");
        using var refresh = await person.Http.PostAsJsonAsync("/api/v1/auth/refresh", new { refresh_token = ended });
        Assert.Equal(HttpStatusCode.Unauthorized, refresh.StatusCode);
    }

    [Fact]
    public async Task SignOut_ManyTimes_TheVeryNextRequestIsRefused()
    {
        for (var turn = 0; turn < 10; turn++)
        {
            using var person = platform.Visit();
            await person.SignInAsync("admin", RunningPlatform.AdministratorPassword);
            await person.SignOutAsync();

            using var refused = await person.Http.GetAsync("/api/v1/auth/me");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }
    }
}
