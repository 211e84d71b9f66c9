using System.Net;
using IdentityService.DeviceGrants;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Tests.Attacks;

/// <summary>Codes of devices that somebody may not let in: not known to them, like ones that never were.</summary>
public sealed class TypingDeviceCodesTests(OwnHost own) : IClassFixture<OwnHost>
{
    private const string NotKnown = "This code is not known";

    [Theory]
    [InlineData("UPDATE device_grants SET expires_at = now() - interval '1 hour' WHERE client_id = '{0}'")]
    [InlineData("UPDATE device_grants SET status = 'Denied' WHERE client_id = '{0}'")]
    [InlineData("UPDATE clients SET disabled_at = now() WHERE id = '{0}'")]
    public async Task Type_CodeThatIsOver_IsNotKnown(string sql)
    {
        var (browser, application) = await SignedInAsync(await own.SignedInAsync());
        using var _ = browser;
        var code = await StartAsync(application);
        Assert.Contains("<h1>Connect", await TypeAsync(browser, code), StringComparison.Ordinal);
        var changed = await own.Host.QueryAsync(db => db.Database.ExecuteSqlRawAsync(string.Format(null, sql, application.Client.Id)));

        Assert.Equal(1, changed);
        Assert.Contains(NotKnown, await TypeAsync(browser, code), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Type_CodeOfAnotherTenantsApplication_IsNotKnown()
    {
        var person = await own.SignedInAsync();
        await own.Host.MoveToTenantAsync(person);
        var (browser, application) = await SignedInAsync(person);
        using var _ = browser;

        Assert.Contains(NotKnown, await TypeAsync(browser, await StartAsync(application)), StringComparison.Ordinal);
    }

    [Fact]
    public void Poll_SoonAgainAndAgain_IsToldToWaitLongerEachTime()
    {
        var now = own.Time.GetUtcNow();
        var grant = new DeviceGrant { ExpiresAt = now.AddMinutes(10) };

        Assert.Equal(DevicePoll.AuthorizationPending, grant.Poll(now));
        Assert.Equal(DevicePoll.SlowDown, grant.Poll(now.AddSeconds(4))); // from then on 10 s
        Assert.Equal(DevicePoll.SlowDown, grant.Poll(now.AddSeconds(13))); // 15 s
        Assert.Equal(DevicePoll.SlowDown, grant.Poll(now.AddSeconds(27))); // 20 s
        Assert.Equal(DevicePoll.AuthorizationPending, grant.Poll(now.AddSeconds(47)));
    }

    private async Task<(Browser Browser, Application Application)> SignedInAsync(Person person)
    {
        // What the other tests typed here counts for the address, too.
        await own.Host.QueryAsync(db => db.FailedSignIns.ExecuteDeleteAsync());
        Browser browser = new(own.Http.BaseAddress!);
        await browser.SignInAsync((await browser.OpenAsync("/account/sign-in")).Text, person);
        return (browser, await Application.RegisterAsync(own.Host, own.Http));
    }

    private static async Task<string> StartAsync(Application application)
    {
        using var answer = await application.Client.AskAsync("/connect/device_authorization", ("scope", "openid"));
        return (await answer.BodyAsync(HttpStatusCode.OK)).Text("user_code");
    }

    private static async Task<string> TypeAsync(Browser browser, string code) => (await browser.OpenAsync($"/account/device?user_code={code}")).Text;
}
