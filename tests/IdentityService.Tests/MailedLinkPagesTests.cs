using System.Net;
using IdentityService.Tests.Support;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class MailedLinkPagesTests(IdentityApi api)
{
    [Fact]
    public async Task Verify_ShowingThePage_UsesNothingUpAndTheButtonDoes()
    {
        var person = await api.SignedInAsync();
        var token = await api.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        using var browser = new Browser(api.Http.BaseAddress!);
        var address = $"/account/verify-email?token={token}";

        var (scanned, _) = await browser.OpenAsync(address);
        var (page, _) = await browser.OpenAsync(address);
        var (done, _) = await browser.SubmitAsync(page);
        using var again = await browser.GetAsync(address);

        Assert.Contains("Confirm your e-mail address", scanned, StringComparison.Ordinal);
        Assert.Contains("Your e-mail address is confirmed.", done, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.Equal("no-referrer", again.Headers.GetValues("Referrer-Policy").Single());
        using var me = await person.TryMeAsync();
        Assert.True((await me.BodyAsync(HttpStatusCode.OK)).GetProperty("emailVerified").GetBoolean());
    }

    [Fact]
    public async Task Reset_ByThePages_FromAskingToSigningIn()
    {
        var person = await api.SignedInAsync();
        using var browser = new Browser(api.Http.BaseAddress!);
        var (forgot, _) = await browser.OpenAsync("/account/forgot-password");
        var (asked, _) = await browser.SubmitAsync(forgot, ("email", person.Email));
        var (unknown, _) = await browser.SubmitAsync(forgot, ("email", $"x{person.Email}"));
        var token = await api.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);

        var (form, _) = await browser.OpenAsync($"/account/reset-password?token={token}");
        var (weak, _) = await browser.SubmitAsync(form, ("password", "short"));
        var (named, _) = await browser.SubmitAsync(weak, ("password", $"my {person.Email} is long"));
        var (done, _) = await browser.SubmitAsync(named, ("password", "eight quiet herons at dusk"));

        Assert.Equal(asked, unknown);
        Assert.Contains("The password must have 12 to 256 characters", weak, StringComparison.Ordinal);
        Assert.Contains("must not contain the user name", named, StringComparison.Ordinal);
        Assert.Contains("Your password is set", done, StringComparison.Ordinal);
        person.Password = "eight quiet herons at dusk";
        await person.LogInAsync();
    }

    [Fact]
    public async Task Reset_FormFromElsewhere_IsRefusedAndTheLinkStays()
    {
        var person = await api.SignedInAsync();
        using var asked = await person.SendAsync(HttpMethod.Post, "forgot-password", new { email = person.Email });
        var token = await api.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);
        using var browser = new Browser(api.Http.BaseAddress!);

        using var forged = await browser.PostAsync("/account/reset-password", ("token", token), ("password", "eight quiet herons at dusk"));
        var (form, _) = await browser.OpenAsync($"/account/reset-password?token={token}");

        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Contains("Set a new password", form, StringComparison.Ordinal);
    }
}
