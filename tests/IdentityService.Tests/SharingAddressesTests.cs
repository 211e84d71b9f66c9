using System.Net;
using IdentityService.AccountMail;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

/// <summary>Many may name an address; the first to prove it has it, and nobody else learns that somebody does.</summary>
public sealed class SharingAddressesTests(OwnHost own) : IClassFixture<OwnHost>
{
    [Fact]
    public async Task Register_WithAnAddressThatAnotherHasProved_AnswersAsWithAnyOther()
    {
        var owner = await ProvedAsync();
        var (with, without) = (new Person(own.Http), new Person(own.Http));

        var taken = await (await with.TryRegisterAsync(email: owner.Email)).BodyAsync(HttpStatusCode.Created);
        var free = await (await without.TryRegisterAsync()).BodyAsync(HttpStatusCode.Created);

        Assert.Equal(free.EnumerateObject().Select(member => member.Name), taken.EnumerateObject().Select(member => member.Name));
        await own.Events.OneAsync<UserRegistered>(one => one.UserId == taken.GetProperty("id").GetGuid() && one.Email == owner.Email);
        await own.Events.TokenAsync(taken.GetProperty("id").GetGuid(), AccountLinkKind.VerifyEmail);
    }

    [Fact]
    public async Task Verify_AnAddressThatAnotherHasProved_IsToldToWhoReadsItsMail()
    {
        var owner = await ProvedAsync();
        var other = await RegisteredAsync(owner.Email);

        using var answer = await VerifyAsync(await own.Events.TokenAsync(other, AccountLinkKind.VerifyEmail));

        Assert.Equal("email_taken", await answer.ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Verify_OneAddressByManyAtOnce_OneHasIt()
    {
        var email = new Person(own.Http).Email;
        var tokens = new List<string>();
        for (var number = 0; number < 4; number++)
        {
            tokens.Add(await own.Events.TokenAsync(await RegisteredAsync(email), AccountLinkKind.VerifyEmail));
        }

        var answers = await Task.WhenAll(tokens.Select(VerifyAsync));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.NoContent);
        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task LogIn_ByAnAddress_IsItsOwnersAlone()
    {
        var person = new Person(own.Http);
        await person.RegisterAsync();
        using var unproved = await person.TryLogInAsync(person.Email);
        Assert.Equal("invalid_credentials", await unproved.ProblemAsync(HttpStatusCode.Unauthorized));

        using var verified = await VerifyAsync(await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail));
        Assert.Equal(HttpStatusCode.NoContent, verified.StatusCode);
        var other = new Person(own.Http) { Password = "eight quiet herons at dusk" };
        using var registered = await other.TryRegisterAsync(email: person.Email);
        using var foreign = await other.TryLogInAsync(person.Email);

        Assert.Equal("invalid_credentials", await foreign.ProblemAsync(HttpStatusCode.Unauthorized));
        await other.LogInAsync();
        await person.LogInAsync(person.Email.ToUpperInvariant());
    }

    [Fact]
    public async Task Forgot_AddressThatOneHasProved_MailsItsOwnerAlone()
    {
        var owner = await ProvedAsync();
        var other = await RegisteredAsync(owner.Email);
        await AskAsync(owner.Email);

        await own.Events.TokenAsync(owner.Id, AccountLinkKind.ResetPassword);
        var next = await own.SignedInAsync(); // behind them in the same table
        await AskAsync(next.Email);
        await own.Events.TokenAsync(next.Id, AccountLinkKind.ResetPassword);
        Assert.Empty(own.Events.Of<AccountLinkIssued>(told => told.UserId == other && told.Kind == AccountLinkKind.ResetPassword));
    }

    [Fact]
    public async Task Forgot_AddressWhoseOwnerIsDisabled_MailsNobody()
    {
        var owner = await ProvedAsync();
        var other = await RegisteredAsync(owner.Email);
        await own.Host.QueryAsync(db => db.Users.Where(row => row.Id == owner.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, own.Time.GetUtcNow())));
        await AskAsync(owner.Email);

        var next = await own.SignedInAsync(); // behind them in the same table
        await AskAsync(next.Email);
        await own.Events.TokenAsync(next.Id, AccountLinkKind.ResetPassword);
        Assert.False(await own.Host.QueryAsync(db => db.AccountLinks.AnyAsync(
            row => (row.UserId == owner.Id || row.UserId == other) && row.Purpose == AccountLinkPurpose.Password)));
    }

    [Fact]
    public async Task Resend_AddressThatIsProved_MailsNobody()
    {
        var owner = await ProvedAsync();
        await AskAsync(owner.Email, "resend-verification");

        var next = await own.SignedInAsync(); // behind them in the same table
        await AskAsync(next.Email);
        await own.Events.TokenAsync(next.Id, AccountLinkKind.ResetPassword);
        Assert.False(await own.Host.QueryAsync(db => db.AccountLinks.AnyAsync(row => row.UserId == owner.Id)));
    }

    [Fact]
    public async Task Reset_OfAccountsWithOneUnprovedAddress_WorksForEachAndProvesItForOne()
    {
        var email = new Person(own.Http).Email;
        Guid[] accounts = [await RegisteredAsync(email), await RegisteredAsync(email)];
        await AskAsync(email);
        var tokens = await Task.WhenAll(accounts.Select(account => own.Events.TokenAsync(account, AccountLinkKind.ResetPassword)));

        var answers = await Task.WhenAll(tokens.Select(token =>
            new Person(own.Http).SendAsync(HttpMethod.Post, "reset-password", new { token, newPassword = "eight quiet herons at dusk" })));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        Assert.Equal(1, await own.Host.QueryAsync(db => Task.FromResult(db.Users.Count(row => accounts.Contains(row.Id) && row.EmailConfirmed))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Register_AgainAndAgainWithOneAddress_IsBoundedWhetherSomebodyHasItOrNot(bool isProved)
    {
        var email = isProved ? (await ProvedAsync()).Email : $"unproved-{new Person(own.Http).Email}";
        var person = await own.SignedInAsync();
        for (var number = 0; number < 6; number++)
        {
            using var taken = await person.TryRegisterAsync(email: email); // does not count
            Assert.Equal("user_name_taken", await taken.ProblemAsync(HttpStatusCode.Conflict));
        }

        for (var number = isProved ? 1 : 0; number < 5; number++) // the owner's own counts
        {
            await RegisteredAsync(email);
        }

        using var refused = await new Person(own.Http).TryRegisterAsync(email: email.ToUpperInvariant());
        Assert.Equal("too_many_mails", await refused.ProblemAsync(HttpStatusCode.TooManyRequests));
        Assert.NotNull(refused.Headers.RetryAfter);
        await person.LogInAsync();
        using var change = await person.TryUpdateAsync(new { email }, "*");
        Assert.Equal("too_many_mails", await change.ProblemAsync(HttpStatusCode.TooManyRequests));
    }

    private async Task<Person> ProvedAsync()
    {
        var person = new Person(own.Http);
        await person.RegisterAsync();
        using var verified = await VerifyAsync(await own.Events.TokenAsync(person.Id, AccountLinkKind.VerifyEmail));
        Assert.Equal(HttpStatusCode.NoContent, verified.StatusCode);
        return person;
    }

    private async Task<Guid> RegisteredAsync(string email)
    {
        using var answer = await new Person(own.Http).TryRegisterAsync(email: email);
        return (await answer.BodyAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    private Task<HttpResponseMessage> VerifyAsync(string token) => new Person(own.Http).SendAsync(HttpMethod.Post, "verify-email", new { token });

    private async Task AskAsync(string email, string route = "forgot-password")
    {
        using var asked = await new Person(own.Http).SendAsync(HttpMethod.Post, route, new { email });
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
    }
}
