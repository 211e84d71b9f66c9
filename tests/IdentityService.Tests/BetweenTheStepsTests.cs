using System.Net;
using IdentityService.SecondFactor;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityService.Tests;

/// <summary>What happens between the password and the code of a sign-in.</summary>
public sealed class BetweenTheStepsTests : IClassFixture<OwnHost>
{
    private readonly OwnHost _own;

    public BetweenTheStepsTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task LogIn_PasswordChangedBetweenTheSteps_IsRefused()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        var challenge = await ChallengeAsync(person);
        await (await person.TryChangePasswordAsync(person.Password, "eight loud storks at dusk")).BodyAsync(HttpStatusCode.OK);

        using var answer = await TryFinishAsync(person, challenge, recoveryCode: app.RecoveryCodes[0]);

        Assert.Equal("invalid_challenge", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task LogIn_TenantDisabledBetweenTheSteps_IsRefused()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        var tenant = await _own.Host.MoveToTenantAsync(person);
        var challenge = await ChallengeAsync(person);
        await _own.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE tenants SET disabled_at = now() WHERE id = {tenant}"));

        using var answer = await TryFinishAsync(person, challenge, recoveryCode: app.RecoveryCodes[0]);

        Assert.Equal("invalid_challenge", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Open_ChallengeOfAnotherUse_IsNone()
    {
        await using var scope = _own.Host.Services.CreateAsyncScope();
        var challenges = scope.ServiceProvider.GetRequiredService<Challenges>();
        var text = challenges.Seal(challenges.New("one use", TimeSpan.FromMinutes(1)));

        Assert.NotNull(challenges.Open("one use", text));
        Assert.Null(challenges.Open("another", text));
    }

    [Fact]
    public async Task LogIn_RightCodeWhileGuessesBlockTheAccount_IsRefused()
    {
        var person = await _own.SignedInAsync();
        var app = await CodeApp.EnableAsync(person, _own.Time);
        _own.Time.Advance(OneTimePassword.Step);
        var (right, wrong) = (await ChallengeAsync(person), await ChallengeAsync(person));

        // The right code has got past the first look and waits for the row, while others guess.
        var finished = await _own.Host.QueryAsync(async db =>
        {
            await using var held = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"SELECT FROM authenticators WHERE user_id = {person.Id} FOR UPDATE");
            var waiting = TryFinishAsync(person, right, code: app.Code);
            await Eventually.Async(
                async () => await _own.Host.QueryAsync(other => other.Database.SqlQuery<int>(
                    $"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").AnyAsync()),
                IdentityApi.Deadline);
            for (var attempt = 0; attempt < 5; attempt++)
            {
                await TryFinishAsync(person, wrong, code: app.WrongCode);
            }

            await held.CommitAsync();
            return await waiting;
        });

        Assert.Equal("too_many_failures", await finished.ProblemAsync(HttpStatusCode.TooManyRequests));
    }

    private static async Task<string> ChallengeAsync(Person person) =>
        (await (await person.TryLogInAsync()).BodyAsync(HttpStatusCode.Forbidden)).Text("challenge_token");

    private static Task<HttpResponseMessage> TryFinishAsync(Person person, string challenge, string? code = null, string? recoveryCode = null) =>
        person.SendAsync(HttpMethod.Post, "login/2fa", new { challenge_token = challenge, code, recovery_code = recoveryCode });
}
