using System.Net;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class ChangingAccountsTests(IdentityApi api)
{
    private const string Changed = "another eleven bright kites";

    [Fact]
    public async Task ChangePassword_Right_EndsOtherSessionsAndOldTokens()
    {
        var person = await api.SignedInAsync();
        var (otherAccess, otherRefresh) = (person.AccessToken, person.RefreshToken);
        await person.LogInAsync();
        var old = person.AccessToken;

        var body = await (await person.TryChangePasswordAsync(person.Password, Changed)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync(body.Text("access_token"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync(old)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryMeAsync(otherAccess)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync(otherRefresh)).StatusCode);
        await person.RefreshAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryLogInAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await person.TryLogInAsync(password: Changed)).StatusCode);

        var subject = await api.Events.OneAsync<RevocationIssued>(one => one.Value == person.Id.ToString());
        Assert.Equal((RevocationKind.Subject, 1L), (subject.Kind, subject.Epoch));
        Assert.Equal(1, Jwt.Claims(person.AccessToken).GetProperty("epoch").GetInt64());
        await api.Events.OneAsync<PasswordChanged>(one => one.UserId == person.Id);
        await api.Events.AuditAsync("user.password_changed", person.Id.ToString());
    }

    [Fact]
    public async Task ChangePassword_SessionBegunWithTheOldOneMeanwhile_CannotBeRefreshed()
    {
        var person = await api.SignedInAsync();
        var race = (await (await person.TryLogInAsync()).BodyAsync(HttpStatusCode.OK)).Text("refresh_token");
        await (await person.TryChangePasswordAsync(person.Password, Changed)).BodyAsync(HttpStatusCode.OK);

        // As if its row had been written a moment after the change had ended all others.
        await api.Host.QueryAsync(db => db.Sessions.Where(row => row.UserId == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, (DateTimeOffset?)null)));

        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync(race)).StatusCode);
        await person.RefreshAsync();
    }

    [Fact]
    public async Task ChangePassword_WrongCurrentOne_IsRefusedAndRecorded()
    {
        var person = await api.SignedInAsync();
        using var answer = await person.TryChangePasswordAsync("not the password at all", Changed);

        Assert.Equal("current_password_wrong", await answer.ProblemAsync(HttpStatusCode.BadRequest));
        await api.Events.AuditAsync("user.password_changed", person.Id.ToString(), AuditResult.Denied);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("password12345")]
    [InlineData("{name} and more")]
    public async Task ChangePassword_WeakNewOne_IsRefused(string changed)
    {
        var person = await api.SignedInAsync();
        using var answer = await person.TryChangePasswordAsync(
            person.Password, changed.Replace("{name}", person.UserName, StringComparison.Ordinal));

        Assert.Equal(["newPassword"], await answer.FaultsAsync());
    }

    [Fact]
    public async Task Update_VersionThatWasRead_ChangesItAndGivesTheNext()
    {
        var person = await api.SignedInAsync();
        using var shown = await person.TryMeAsync();
        var version = shown.Headers.ETag!.ToString();

        using var answer = await person.TryUpdateAsync(new { email = $"new-{person.Email}", displayName = " Ada L. " }, version);

        var account = await answer.BodyAsync(HttpStatusCode.OK);
        Assert.Equal("Ada L.", account.Text("displayName"));
        Assert.Equal(person.Email, account.Text("email"));
        Assert.Equal($"new-{person.Email}", account.Text("pendingEmail"));
        Assert.NotEqual(version, answer.Headers.ETag!.ToString());
        var record = await api.Events.AuditAsync("user.updated", person.Id.ToString());
        Assert.Equal(person.Email, record.Before!.Value.Text("email"));
        using var again = await person.TryUpdateAsync(new { email = person.Email }, version);
        Assert.Equal("precondition_failed", await again.ProblemAsync(HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Update_SideBySide_OneWins()
    {
        var person = await api.SignedInAsync();
        using var shown = await person.TryMeAsync();
        var version = shown.Headers.ETag!.ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(number =>
            person.TryUpdateAsync(new { email = person.Email, displayName = $"Number {number}" }, version)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Update_WithoutVersion_IsRefused()
    {
        var person = await api.SignedInAsync();
        using var answer = await person.TryUpdateAsync(new { email = person.Email }, null);

        Assert.Equal("precondition_required", await answer.ProblemAsync(HttpStatusCode.PreconditionRequired));
    }

    [Fact]
    public async Task Update_AddressOfAnother_AnswersAsAnyOther()
    {
        var other = api.NewPerson();
        await other.RegisterAsync();
        var person = await api.SignedInAsync();
        using var answer = await person.TryUpdateAsync(new { email = other.Email }, "*");

        Assert.Equal(other.Email, (await answer.BodyAsync(HttpStatusCode.OK)).Text("pendingEmail"));
    }

    [Fact]
    public async Task Update_BadFields_AreAllNamed()
    {
        var person = await api.SignedInAsync();
        using var answer = await person.TryUpdateAsync(new { email = "none", displayName = "a\u0000b" }, "*");

        Assert.Equal(["displayName", "email"], await answer.FaultsAsync());
    }
}
