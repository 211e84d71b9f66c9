using System.Net;
using System.Text.Json;
using IdentityService.Keys;
using IdentityService.SecondFactor;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityService.Tests;

/// <summary>By the API, from the set-up to the end of it.</summary>
public sealed class SettingUpSecondFactorTests : IClassFixture<OwnHost>
{
    private readonly OwnHost _own;

    public SettingUpSecondFactorTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task SetUp_Answer_IsWhatAuthenticatorsRead()
    {
        var person = await _own.SignedInAsync();

        var setUp = await (await person.SendAsync(HttpMethod.Post, "2fa/setup", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);

        var secret = setUp.Text("secret");
        Assert.Matches("^[A-Z2-7]{32}$", secret);
        Assert.Equal(
            $"otpauth://totp/Platform:{person.UserName}?secret={secret}&issuer=Platform&algorithm=SHA1&digits=6&period=30", setUp.Text("uri"));
        var png = Convert.FromBase64String(setUp.GetProperty("qrCode").Text("png")["data:image/png;base64,".Length..]);
        Assert.Equal("89504E470D0A1A0A", Convert.ToHexString(png.AsSpan(0, 8)));
        Assert.Contains("<svg", setUp.GetProperty("qrCode").Text("svg"), StringComparison.Ordinal);
        Assert.Equal(900, setUp.GetProperty("expiresIn").GetInt32());
        await person.LogInAsync(); // counts for nothing until a code was shown
    }

    [Fact]
    public async Task Confirm_WithACode_EnablesAndGivesRecoveryCodesOnce()
    {
        var person = await _own.SignedInAsync();

        var app = await CodeApp.EnableAsync(person, _own.Time);

        Assert.Equal(RecoveryCode.Count, app.RecoveryCodes.Distinct().Count());
        Assert.All(app.RecoveryCodes, code => Assert.Matches("^[a-z2-7]{4}(-[a-z2-7]{4}){3}$", code));
        var status = await StatusAsync(person);
        Assert.True(status.GetProperty("enabled").GetBoolean());
        Assert.Equal(10, status.GetProperty("recoveryCodesLeft").GetInt32());
        await _own.Events.AuditAsync("user.mfa_enabled", person.Id.ToString());
        Assert.Equal("already_enabled", await (await person.SendAsync(HttpMethod.Post, "2fa/setup", token: person.AccessToken)).ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal("nothing_to_confirm", await ConfirmAsync(person, app.Code, HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Confirm_WrongOrTooLate_EnablesNothing()
    {
        var person = await _own.SignedInAsync();
        Assert.Equal("nothing_to_confirm", await ConfirmAsync(person, "123456", HttpStatusCode.Conflict));
        var setUp = await (await person.SendAsync(HttpMethod.Post, "2fa/setup", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);
        var app = new CodeApp(setUp.Text("secret"), _own.Time);

        Assert.Equal("invalid_code", await ConfirmAsync(person, app.WrongCode, HttpStatusCode.BadRequest));
        _own.Time.Advance(TimeSpan.FromMinutes(14.9));
        await person.RefreshAsync();
        _own.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal("nothing_to_confirm", await ConfirmAsync(person, app.Code, HttpStatusCode.Conflict));
        Assert.False((await StatusAsync(person)).GetProperty("enabled").GetBoolean());
    }

    [Fact]
    public async Task Confirm_GuessingCodes_IsSlowedDown()
    {
        var person = await _own.SignedInAsync();
        var setUp = await (await person.SendAsync(HttpMethod.Post, "2fa/setup", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);
        var app = new CodeApp(setUp.Text("secret"), _own.Time);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.Equal("invalid_code", await ConfirmAsync(person, app.WrongCode, HttpStatusCode.BadRequest));
        }

        Assert.Equal("too_many_failures", await ConfirmAsync(person, app.Code, HttpStatusCode.TooManyRequests));
        Assert.False((await StatusAsync(person)).GetProperty("enabled").GetBoolean());
    }

    [Fact]
    public async Task Store_SecretAndCodes_AreUnreadable()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);

        var (authenticator, codes) = await _own.Host.QueryAsync(async db => (
            await db.Authenticators.SingleAsync(row => row.UserId == person.Id), await db.RecoveryCodes.Where(row => row.UserId == person.Id).ToListAsync()));

        var opened = _own.Host.Services.GetRequiredService<KeyEncryption>().Unprotect(authenticator.Secret, authenticator.Owner);
        Assert.Equal(app.Secret, Base32.Encode(opened));
        Assert.DoesNotContain(Convert.ToHexString(opened), Convert.ToHexString(authenticator.Secret), StringComparison.Ordinal);
        Assert.All(codes, code => Assert.Equal(32, code.Hash.Length));
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() =>
            _own.Host.Services.GetRequiredService<KeyEncryption>().Unprotect(authenticator.Secret, $"authenticator:{Guid.CreateVersion7()}"));
    }

    [Fact]
    public async Task Disable_WithoutPasswordOrCode_IsRefused()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);

        Assert.Equal("current_password_wrong", await (await DisableAsync(person, "not the password at all", app.Code)).ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal("invalid_code", await (await DisableAsync(person, person.Password, app.WrongCode)).ProblemAsync(HttpStatusCode.BadRequest));
        Assert.True((await StatusAsync(person)).GetProperty("enabled").GetBoolean());

        using var done = await DisableAsync(person, person.Password, app.Code);
        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        Assert.Equal(0, (await StatusAsync(person)).GetProperty("recoveryCodesLeft").GetInt32());
        await person.LogInAsync();
        await _own.Events.AuditAsync("user.mfa_disabled", person.Id.ToString());
        Assert.Equal("not_enabled", await (await DisableAsync(person, person.Password, app.Code)).ProblemAsync(HttpStatusCode.Conflict));
    }

    private static Task<HttpResponseMessage> DisableAsync(Person person, string password, string code) =>
        person.SendAsync(HttpMethod.Post, "2fa/disable", new { password, code }, person.AccessToken);

    private static async Task<string> ConfirmAsync(Person person, string code, HttpStatusCode expected) =>
        await (await person.SendAsync(HttpMethod.Post, "2fa/confirm", new { code }, person.AccessToken)).ProblemAsync(expected);

    private static async Task<JsonElement> StatusAsync(Person person) =>
        await (await person.SendAsync(HttpMethod.Get, "2fa", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);
}
