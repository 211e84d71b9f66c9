using System.Net;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

/// <summary>What of an account lets in whoever was in it before its owner took it back.</summary>
public sealed class RecoveringAccountsTests(OwnHost own) : IClassFixture<OwnHost>
{
    private const string Changed = "eight quiet herons at dusk";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reset_ByTheOwner_EndsTheApiKeysOnlyWhereAskedTo(bool revokeApiKeys)
    {
        var person = await VerifiedAsync();
        var (key, details) = await person.CreateKeyAsync(["identity:self"]);

        await ResetAsync(person, revokeApiKeys);

        await MustBeGoodAsync(key, good: !revokeApiKeys);
        if (revokeApiKeys)
        {
            var record = await own.Events.AuditAsync("api_key.revoked", details.Text("id"));
            Assert.Equal("password_reset", record.Detail!["reason"]);
        }
    }

    [Fact]
    public async Task Reset_OfAnAddressNeverProved_LeavesNothingThatLetsIn()
    {
        var person = await own.SignedInAsync();
        var (key, _) = await person.CreateKeyAsync(["identity:self"]);
        await CodeApp.EnableAsync(person, own.Time);

        await ResetAsync(person, revokeApiKeys: false);

        await MustBeGoodAsync(key, good: false);
        person.Password = Changed;
        await person.LogInAsync();
        Assert.Equal(0, await own.Host.QueryAsync(db => db.RecoveryCodes.CountAsync(row => row.UserId == person.Id)));
        Assert.Equal("address_unproved", (await own.Events.AuditAsync("user.mfa_reset", person.Id.ToString())).Detail!["reason"]);
    }

    [Fact]
    public async Task Reset_OfAProvedAddress_KeepsTheSecondFactor()
    {
        var person = await VerifiedAsync();
        await CodeApp.EnableAsync(person, own.Time);

        await ResetAsync(person, revokeApiKeys: false);

        Assert.Equal("mfa_required", await (await person.TryLogInAsync(password: Changed)).ProblemAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Reset_WhileAChangeOfTheAddressWaits_VoidsItsLink()
    {
        var person = await VerifiedAsync();
        var change = await BeginAddressChangeAsync(person);

        await ResetAsync(person, revokeApiKeys: false);

        await MustBeVoidAsync(person, "verify-email", new { token = change });
    }

    [Fact]
    public async Task ChangePassword_WhileLinksWait_VoidsThem()
    {
        var person = await VerifiedAsync();
        var change = await BeginAddressChangeAsync(person);
        var reset = await AskForResetAsync(person);

        await (await person.TryChangePasswordAsync(person.Password, Changed)).BodyAsync(HttpStatusCode.OK);

        await MustBeVoidAsync(person, "verify-email", new { token = change });
        await MustBeVoidAsync(person, "reset-password", new { token = reset, newPassword = "nine quiet herons at dusk" });
    }

    [Fact]
    public async Task ChangePassword_ProofOfTheOwnAddressWaits_KeepsItsLink()
    {
        var person = await own.SignedInAsync();
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);

        await (await person.TryChangePasswordAsync(person.Password, Changed)).BodyAsync(HttpStatusCode.OK);

        using var answer = await person.SendAsync(HttpMethod.Post, "verify-email", new { token });
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ChangePassword_EndsTheApiKeysOnlyWhereAskedTo(bool revokeApiKeys)
    {
        var person = await own.SignedInAsync();
        var (key, _) = await person.CreateKeyAsync(["identity:self"]);

        object body = new { currentPassword = person.Password, newPassword = Changed, revokeApiKeys };
        await (await person.SendAsync(HttpMethod.Post, "change-password", body, person.AccessToken)).BodyAsync(HttpStatusCode.OK);

        await MustBeGoodAsync(key, good: !revokeApiKeys);
    }

    [Fact]
    public async Task ForcedReset_ByAnAdministrator_EndsApiKeysAndAChangeOfTheAddress()
    {
        var (admin, person) = (await own.Host.SignedInAsync(own.Http, Role.Admin), await VerifiedAsync());
        var (key, _) = await person.CreateKeyAsync(["identity:self"]);
        var change = await BeginAddressChangeAsync(person);

        await admin.ChangeUserAsync(own.Http, person.Id, "reset-password");

        await MustBeGoodAsync(key, good: false);
        await MustBeVoidAsync(person, "verify-email", new { token = change });
        await ResetWithAsync(person, await own.Events.TokenAsync(person.Id, AccountLinkKind.ReplacePassword), revokeApiKeys: false);
    }

    private async Task<Person> VerifiedAsync()
    {
        var person = await own.SignedInAsync();
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        using var verified = await person.SendAsync(HttpMethod.Post, "verify-email", new { token });
        Assert.Equal(HttpStatusCode.NoContent, verified.StatusCode);
        return person;
    }

    private async Task<string> BeginAddressChangeAsync(Person person)
    {
        await (await person.TryUpdateAsync(new { email = $"new-{person.Email}" }, "*")).BodyAsync(HttpStatusCode.OK);
        return await own.Events.TokenAsync(person.Id, AccountLinkKind.ChangeEmail);
    }

    private async Task<string> AskForResetAsync(Person person)
    {
        using var asked = await person.SendAsync(HttpMethod.Post, "forgot-password", new { email = person.Email });
        return await own.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);
    }

    private async Task ResetAsync(Person person, bool revokeApiKeys) =>
        await ResetWithAsync(person, await AskForResetAsync(person), revokeApiKeys);

    private static async Task ResetWithAsync(Person person, string token, bool revokeApiKeys)
    {
        using var done = await person.SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword = Changed, revokeApiKeys });
        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
    }

    private async Task MustBeGoodAsync(string key, bool good)
    {
        var gateway = TestClient.Gateway(own.Http);
        if (good)
        {
            await gateway.ExchangeAsync(key);
        }
        else
        {
            await gateway.MustRefuseKeyAsync(key);
        }
    }

    private static async Task MustBeVoidAsync(Person person, string route, object body)
    {
        using var answer = await person.SendAsync(HttpMethod.Post, route, body);
        Assert.Equal("invalid_link", await answer.ProblemAsync(HttpStatusCode.BadRequest));
    }
}
