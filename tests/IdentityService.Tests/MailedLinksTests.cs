using System.Net;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class MailedLinksTests(OwnHost own) : IClassFixture<OwnHost>
{
    [Fact]
    public async Task Verify_LinkOfRegistration_ProvesTheAddressOnce()
    {
        var person = await own.SignedInAsync();
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        using var before = await person.TryMeAsync();

        using var first = await VerifyAsync(person, token);
        using var second = await VerifyAsync(person, token);

        Assert.False((await before.BodyAsync(HttpStatusCode.OK)).GetProperty("emailVerified").GetBoolean());
        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        Assert.Equal("invalid_link", await second.ProblemAsync(HttpStatusCode.BadRequest));
        using var after = await person.TryMeAsync();
        Assert.True((await after.BodyAsync(HttpStatusCode.OK)).GetProperty("emailVerified").GetBoolean());
        await own.Events.AuditAsync("user.email_verified", person.Id.ToString());
    }

    [Fact]
    public async Task Verify_SideBySide_OneWins()
    {
        var person = await own.SignedInAsync();
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => VerifyAsync(person, token)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Resend_NewerLink_KillsTheOlder()
    {
        var person = await own.SignedInAsync();
        var older = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        using var asked = await AskAsync("resend-verification", person.Email.ToUpperInvariant());
        var newer = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail, count: 2);

        using var refused = await VerifyAsync(person, older);
        using var verified = await VerifyAsync(person, newer);

        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal("invalid_link", await refused.ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.NoContent, verified.StatusCode);
        await own.Events.AuditAsync("user.verification_requested", person.Id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\u0000")]
    public async Task Verify_TokenThatIsNone_IsRefused(string token)
    {
        using var answer = await VerifyAsync(new Person(own.Http), token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task ChangeEmail_LinkAtTheNewAddress_TakesOverAndTellsTheOldOne()
    {
        var person = await own.SignedInAsync();
        using var update = await person.TryUpdateAsync(new { email = $"new-{person.Email}", displayName = "Ada" }, "*");
        var pending = await update.BodyAsync(HttpStatusCode.OK);
        var told = await own.Events.OneAsync<AccountLinkIssued>(one => one.UserId == person.Id && one.Kind == AccountLinkKind.ChangeEmail);

        using var verified = await VerifyAsync(person, Mailbox.TokenOf(told));

        Assert.Equal(person.Email, pending.Text("email"));
        Assert.Equal($"new-{person.Email}", told.Email);
        Assert.Equal(HttpStatusCode.NoContent, verified.StatusCode);
        using var me = await person.TryMeAsync();
        var account = await me.BodyAsync(HttpStatusCode.OK);
        Assert.Equal($"new-{person.Email}", account.Text("email"));
        Assert.True(account.GetProperty("emailVerified").GetBoolean());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, account.GetProperty("pendingEmail").ValueKind);
        var changed = await own.Events.OneAsync<EmailChanged>(one => one.UserId == person.Id);
        Assert.Equal(person.Email, changed.FormerEmail);
        await own.Events.AuditAsync("user.email_changed", person.Id.ToString());
    }

    [Fact]
    public async Task ChangeEmail_AddressThatAnotherHasProvedMeanwhile_IsAConflict()
    {
        var (person, other) = (await own.SignedInAsync(), new Person(own.Http));
        using var update = await person.TryUpdateAsync(new { email = other.Email }, "*");
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.ChangeEmail);
        await other.RegisterAsync();
        using var proved = await VerifyAsync(other, await own.Events.TokenAsync(other.Id, AccountLinkKind.VerifyEmail));
        Assert.Equal(HttpStatusCode.NoContent, proved.StatusCode);

        using var verified = await VerifyAsync(person, token);

        Assert.Equal("email_taken", await verified.ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Reset_LinkOfForgottenPassword_SetsItOnceAndEndsEverySession()
    {
        var person = await own.SignedInAsync();
        using var asked = await AskAsync("forgot-password", person.Email);
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);

        using var weak = await ResetAsync(person, token, $"{person.UserName} and more");
        using var common = await ResetAsync(person, token, "password12345");
        using var done = await ResetAsync(person, token, "eight quiet herons at dusk");
        using var again = await ResetAsync(person, token, "nine quiet herons at dusk");

        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal(["newPassword"], await weak.FaultsAsync());
        Assert.Equal(["newPassword"], await common.FaultsAsync());
        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        Assert.Equal("invalid_link", await again.ProblemAsync(HttpStatusCode.BadRequest));
        using var refresh = await person.TryRefreshAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, refresh.StatusCode);
        Assert.Equal("""{"active":false}""", await TestClient.Gateway(own.Http).IntrospectAsync(person.AccessToken));
        using var former = await person.TryLogInAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, former.StatusCode);
        person.Password = "eight quiet herons at dusk";
        await person.LogInAsync();
        await own.Events.OneAsync<PasswordChanged>(told => told.UserId == person.Id);
        await own.Events.AuditAsync("user.password_reset", person.Id.ToString());
    }

    [Fact]
    public async Task Reset_AfterADay_IsRefused()
    {
        var person = await own.SignedInAsync();
        using var asked = await AskAsync("forgot-password", person.Email);
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);
        await own.Host.QueryAsync(db => db.AccountLinks.Where(row => row.UserId == person.Id).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.ExpiresAt, row => row.ExpiresAt.AddDays(-1))));

        using var answer = await ResetAsync(person, token, "eight quiet herons at dusk");

        Assert.Equal("invalid_link", await answer.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Verify_AfterADay_IsRefused()
    {
        var person = await own.SignedInAsync();
        var token = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        await own.Host.QueryAsync(db => db.AccountLinks.Where(row => row.UserId == person.Id).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.ExpiresAt, row => row.ExpiresAt.AddDays(-1))));

        using var answer = await VerifyAsync(person, token);

        Assert.Equal("invalid_link", await answer.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Use_LinkForSomethingElse_IsRefused()
    {
        var person = await own.SignedInAsync();
        var forAddress = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        using var asked = await AskAsync("forgot-password", person.Email);
        var forPassword = await own.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);

        using var reset = await ResetAsync(person, forAddress, "eight quiet herons at dusk");
        using var verified = await VerifyAsync(person, forPassword);

        Assert.Equal("invalid_link", await reset.ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal("invalid_link", await verified.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Use_LinksOfADisabledAccount_IsRefused()
    {
        var person = await own.SignedInAsync();
        var forAddress = await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail);
        using var asked = await AskAsync("forgot-password", person.Email);
        var forPassword = await own.Events.TokenAsync(person.Id, AccountLinkKind.ResetPassword);
        await own.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, own.Time.GetUtcNow())));

        using var reset = await ResetAsync(person, forPassword, "eight quiet herons at dusk");
        using var verified = await VerifyAsync(person, forAddress);

        Assert.Equal("invalid_link", await reset.ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal("invalid_link", await verified.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Forgot_AskedAgainAndAgain_IsBoundedPerAddress()
    {
        var person = await own.SignedInAsync();
        for (var asked = 0; asked < 8; asked++)
        {
            using var answer = await AskAsync("forgot-password", person.Email);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        // Behind them in the same table.
        var next = await own.SignedInAsync();
        using var last = await AskAsync("forgot-password", next.Email);
        await own.Events.TokenAsync(next.Id, AccountLinkKind.ResetPassword);
        Assert.Equal(5, (await own.Events.TokensAsync(person.Id, AccountLinkKind.ResetPassword, count: 5)).Count);
    }

    [Fact]
    public async Task Mail_Link_IsSealedWhereverItRests()
    {
        var person = await own.SignedInAsync();
        using var asked = await AskAsync("forgot-password", person.Email);
        var told = await own.Events.OneAsync<AccountLinkIssued>(one => one.UserId == person.Id && one.Kind == AccountLinkKind.ResetPassword);
        var token = Mailbox.TokenOf(told);

        Assert.StartsWith("https://platform.test/account/reset-password?token=", Mailbox.LinkOf(told).AbsoluteUri, StringComparison.Ordinal);
        Assert.DoesNotContain(token, System.Text.Json.JsonSerializer.Serialize(told), StringComparison.Ordinal);
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => Mailbox.LinkOf(told with { UserId = Guid.CreateVersion7() }));
        Assert.True(AccountMail.AccountToken.TryHash(token, out var hash));
        Assert.Equal(hash, await own.Host.QueryAsync(db => db.AccountLinks
            .Where(row => row.UserId == person.Id && row.Purpose == AccountMail.AccountLinkPurpose.Password).Select(row => row.Hash).SingleAsync()));
        Assert.DoesNotContain(own.Events.Of<AuditRecorded>(_ => true), record =>
            System.Text.Json.JsonSerializer.Serialize(record).Contains(token, StringComparison.Ordinal));
    }

    private Task<HttpResponseMessage> AskAsync(string route, string email) => new Person(own.Http).SendAsync(HttpMethod.Post, route, new { email });

    private static Task<HttpResponseMessage> VerifyAsync(Person person, string token) => person.SendAsync(HttpMethod.Post, "verify-email", new { token });

    private static Task<HttpResponseMessage> ResetAsync(Person person, string token, string newPassword) =>
        person.SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword });
}
