using System.Net;
using IdentityService.SecondFactor;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

/// <summary>By the API, with what was set up.</summary>
public sealed class SigningInWithSecondFactorTests : IClassFixture<OwnHost>
{
    private readonly OwnHost _own;

    public SigningInWithSecondFactorTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task LogIn_PasswordAlone_GivesAChallengeAndNoToken()
    {
        var person = await _own.SignedInAsync();
        await CodeApp.EnableAsync(person, _own.Time);

        using var answer = await person.TryLogInAsync();

        var body = await answer.BodyAsync(HttpStatusCode.Forbidden);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("mfa_required", body.Text("code"));
        Assert.Equal(300, body.GetProperty("expires_in").GetInt32());
        Assert.Equal(["totp", "recovery_code"], body.GetProperty("methods").EnumerateArray().Select(one => one.GetString()));
        Assert.False(body.TryGetProperty("access_token", out _));
        await _own.Events.AuditAsync("user.mfa_challenged", person.Id.ToString());
    }

    [Fact]
    public async Task LogIn_WithACode_BeginsASessionThatKeepsHow()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);

        var tokens = await (await TryFinishAsync(person, await ChallengeAsync(person), code: app.Code)).BodyAsync(HttpStatusCode.OK);

        var claims = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(["pwd", "otp", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("aal2", claims.Text("acr"));
        var began = claims.GetProperty("auth_time").GetInt64();
        _own.Time.Advance(TimeSpan.FromMinutes(5));
        var refreshed = await (await person.TryRefreshAsync(tokens.Text("refresh_token"))).BodyAsync(HttpStatusCode.OK);
        claims = Jwt.Claims(refreshed.Text("access_token"));
        Assert.Equal(["pwd", "otp", "mfa"], claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("aal2", claims.Text("acr"));
        Assert.Equal(began, claims.GetProperty("auth_time").GetInt64());
        await Eventually.Async(
            () => _own.Events.Of<AuditRecorded>(one => one.Action == "user.login" && one.ResourceId == person.Id.ToString() && one.Detail!["methods"] == "pwd otp mfa").Count == 1,
            IdentityApi.Deadline);
    }

    [Fact]
    public async Task LogIn_SameCodeTwice_IsRefusedTheSecondTime()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);

        Assert.Equal("invalid_code", await (await TryFinishAsync(person, await ChallengeAsync(person), code: app.Code)).ProblemAsync(HttpStatusCode.Unauthorized));
        _own.Time.Advance(OneTimePassword.Step);
        var code = app.Code;
        await (await TryFinishAsync(person, await ChallengeAsync(person), code: code)).BodyAsync(HttpStatusCode.OK);
        _own.Time.Advance(OneTimePassword.Step); // still within the window
        Assert.Equal("invalid_code", await (await TryFinishAsync(person, await ChallengeAsync(person), code: code)).ProblemAsync(HttpStatusCode.Unauthorized));
        var record = await _own.Events.OneAsync<AuditRecorded>(one => one.Action == "user.mfa_failed" && one.ResourceId == person.Id.ToString() && one.Envelope.OccurredAt == _own.Time.GetUtcNow());
        Assert.Equal("wrong_code", record.Detail!["reason"]);
    }

    [Fact]
    public async Task LogIn_SameCodeAtOnce_IsAcceptedOnce()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);
        var code = app.Code;
        string[] challenges = [await ChallengeAsync(person), await ChallengeAsync(person), await ChallengeAsync(person), await ChallengeAsync(person)];

        var answers = await Task.WhenAll(challenges.Select(challenge => TryFinishAsync(person, challenge, code: code)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task LogIn_SameChallengeTwice_IsRefusedTheSecondTime()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);
        var challenge = await ChallengeAsync(person);
        await (await TryFinishAsync(person, challenge, code: app.Code)).BodyAsync(HttpStatusCode.OK);

        _own.Time.Advance(OneTimePassword.Step);
        Assert.Equal("invalid_challenge", await (await TryFinishAsync(person, challenge, code: app.Code)).ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(2, await _own.Host.QueryAsync(db => db.Sessions.CountAsync(row => row.UserId == person.Id)));
    }

    [Fact]
    public async Task LogIn_ChallengeForgedExpiredOrOfAnEarlierEpoch_IsRefused()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        var (ended, old) = (await ChallengeAsync(person), await ChallengeAsync(person));
        await (await person.TryChangePasswordAsync(person.Password, "eight loud storks at dusk")).BodyAsync(HttpStatusCode.OK);
        person.Password = "eight loud storks at dusk";
        var expired = await ChallengeAsync(person);
        _own.Time.Advance(TimeSpan.FromMinutes(5));
        var changed = (await ChallengeAsync(person)).Split('.');

        foreach (var challenge in (string[])[ended, old, expired, $"{changed[0]}.{expired.Split('.')[1]}", $"{expired.Split('.')[0]}.{changed[1]}", "x", "a.b", "."])
        {
            Assert.Equal("invalid_challenge", await (await TryFinishAsync(person, challenge, code: app.Code)).ProblemAsync(HttpStatusCode.Unauthorized));
        }
    }

    [Fact]
    public async Task LogIn_WithARecoveryCode_WorksOnceForEach()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        var typed = app.RecoveryCodes[3].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal);

        await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: typed)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal("invalid_code", await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: app.RecoveryCodes[3])).ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("9", (await _own.Events.AuditAsync("user.recovery_code_used", person.Id.ToString())).Detail!["left"]);
        await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: app.RecoveryCodes[4])).BodyAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task LogIn_AnothersRecoveryCode_IsRefused()
    {
        var (one, two) = (await _own.SignedInAsync(), await _own.SignedInAsync());
        var app = await CodeApp.EnableAsync(one, _own.Time);
        await CodeApp.EnableAsync(two, _own.Time);

        Assert.Equal("invalid_code", await (await TryFinishAsync(two, await ChallengeAsync(two), recoveryCode: app.RecoveryCodes[0])).ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task LogIn_GuessingCodes_IsSlowedDownForTheAccount()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await TryFinishAsync(person, await ChallengeAsync(person), code: app.WrongCode);
        }

        using var right = await TryFinishAsync(person, await ChallengeAsync(person), code: app.Code);
        using var wrong = await TryFinishAsync(person, await ChallengeAsync(person), code: app.WrongCode);
        using var recovery = await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: app.RecoveryCodes[0]);

        foreach (var answer in new[] { right, wrong, recovery })
        {
            Assert.Equal("too_many_failures", await answer.ProblemAsync(HttpStatusCode.TooManyRequests));
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        _own.Time.Advance(TimeSpan.FromMinutes(1));
        await (await TryFinishAsync(person, await ChallengeAsync(person), code: app.Code)).BodyAsync(HttpStatusCode.OK);
        await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: app.RecoveryCodes[0])).BodyAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task LogIn_GuessingCodesOfManyAccounts_IsSlowedDownForTheAddress()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);
        await _own.Host.QueryAsync(db => db.FailedSignIns.Where(row => row.Key == "code:127.0.0.1").ExecuteDeleteAsync());
        await TryFinishAsync(person, await ChallengeAsync(person), code: app.WrongCode);
        await _own.Host.QueryAsync(db => db.FailedSignIns.Where(row => row.Key == "code:127.0.0.1").ExecuteUpdateAsync(set => set.SetProperty(row => row.Failures, 48)));
        await TryFinishAsync(person, await ChallengeAsync(person), code: app.WrongCode);
        await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: app.RecoveryCodes[0])).BodyAsync(HttpStatusCode.OK);

        await TryFinishAsync(person, await ChallengeAsync(person), code: app.WrongCode);

        using var right = await TryFinishAsync(person, await ChallengeAsync(person), code: app.Code);
        Assert.Equal("too_many_failures", await right.ProblemAsync(HttpStatusCode.TooManyRequests));
        await _own.Host.QueryAsync(db => db.FailedSignIns.Where(row => row.Key == "code:127.0.0.1").ExecuteDeleteAsync());
    }

    [Fact]
    public async Task Renew_RecoveryCodes_EndsThoseBefore()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);

        var renewed = await (await person.SendAsync(HttpMethod.Post, "2fa/recovery-codes", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal("invalid_code", await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: app.RecoveryCodes[0])).ProblemAsync(HttpStatusCode.Unauthorized));
        await (await TryFinishAsync(person, await ChallengeAsync(person), recoveryCode: renewed.GetProperty("codes")[0].GetString())).BodyAsync(HttpStatusCode.OK);
        await _own.Events.AuditAsync("user.recovery_codes_generated", person.Id.ToString());
    }

    private static async Task<string> ChallengeAsync(Person person) =>
        (await (await person.TryLogInAsync()).BodyAsync(HttpStatusCode.Forbidden)).Text("challenge_token");

    private static Task<HttpResponseMessage> TryFinishAsync(Person person, string challenge, string? code = null, string? recoveryCode = null) =>
        person.SendAsync(HttpMethod.Post, "login/2fa", new { challenge_token = challenge, code, recovery_code = recoveryCode });
}
