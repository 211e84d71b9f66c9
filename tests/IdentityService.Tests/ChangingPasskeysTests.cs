using System.Net;
using IdentityService.Passkeys;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static IdentityService.Tests.Support.PasskeyRequests;

namespace IdentityService.Tests;

/// <summary>Who may change somebody's passkeys, and from where.</summary>
public sealed class ChangingPasskeysTests : IClassFixture<OwnHost>
{
    private readonly OwnHost _own;

    public ChangingPasskeysTests(OwnHost own)
    {
        _own = own;
        _own.Time.Freeze();
    }

    [Fact]
    public async Task Manage_OwnOnes_CanBeRenamedAndRemovedByTheOwnerOnly()
    {
        var (person, other) = (await WithPasskeysAsync(1), await _own.SignedInAsync());
        var passkey = Assert.Single((await ListAsync(person)).EnumerateArray());
        Assert.Equal("Key 0", passkey.Text("name"));
        var route = $"passkeys/{passkey.Text("id")}";

        Assert.Equal("not_found", await (await other.SendAsync(HttpMethod.Put, route, new { name = "Mine" }, other.AccessToken)).ProblemAsync(HttpStatusCode.NotFound));
        Assert.Equal("not_found", await (await other.SendAsync(HttpMethod.Delete, route, token: other.AccessToken)).ProblemAsync(HttpStatusCode.NotFound));
        var renamed = await (await person.SendAsync(HttpMethod.Put, route, new { name = "Telephone" }, person.AccessToken)).BodyAsync(HttpStatusCode.OK);
        Assert.Equal("Telephone", renamed.Text("name"));
        using var removed = await person.SendAsync(HttpMethod.Delete, route, token: person.AccessToken);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await _own.Events.AuditAsync("passkey.removed", person.Id.ToString());
        Assert.Empty((await ListAsync(person)).EnumerateArray());
    }

    [Fact]
    public async Task Page_LongAfterSigningIn_ChangesNothing()
    {
        var person = await WithPasskeysAsync(1);
        using var browser = new Browser(_own.Http.BaseAddress!);
        var (recent, _) = await browser.SignInAsync((await browser.OpenAsync("/account/sign-in")).Text, person);
        var id = Assert.Single((await ListAsync(person)).EnumerateArray()).Text("id");
        Assert.Contains("Add a passkey", recent, StringComparison.Ordinal);
        Assert.Contains("Remove Key 0", recent, StringComparison.Ordinal);
        _own.Time.Advance(TimeSpan.FromMinutes(11));

        var (late, _) = await browser.OpenAsync("/account");
        await RemoveAsync(late);

        Assert.DoesNotContain("Add a passkey", late, StringComparison.Ordinal);
        Assert.DoesNotContain("Remove Key 0", late, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(person));
        await browser.SignInAsync((await browser.OpenAsync("/account/sign-in")).Text, person);
        await RemoveAsync((await browser.OpenAsync("/account")).Text);
        Assert.Equal(0, await CountAsync(person));

        async Task RemoveAsync(string page)
        {
            var form = page.Split("name=\"form\" value=\"")[1].Split('"')[0];
            using var answer = await browser.PostAsync("/account/passkeys/remove", ("form", form), ("id", id));
            Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Add_MoreThanThereMayBe_IsRefusedAlsoWithAnEarlierOffer()
    {
        var person = await WithPasskeysAsync(PasskeyList.Most - 1);
        var offer = await OfferRegistrationAsync(person);
        await AddAsync(person, PasskeyList.Most - 1);

        using var another = await person.SendAsync(HttpMethod.Post, "passkeys/options", token: person.AccessToken);
        using var registered = await TryRegisterAsync(person, offer, offer);

        Assert.Equal("too_many_passkeys", await another.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal("too_many_passkeys", await registered.ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task StepUp_WithAnApplicationsToken_IsLedToTheAuthorizationRequest()
    {
        var (application, person) = (await Application.RegisterAsync(_own.Host, _own.Http), await _own.SignedInAsync());
        using var browser = new Browser(_own.Http.BaseAddress!);
        var token = (await application.TokensAsync(browser, person, ("scope", "openid identity:self"))).Text("access_token");

        using var answer = await person.SendAsync(HttpMethod.Post, "passkeys/step-up", new { challenge = "x", credential = new { id = "x" } }, token);

        Assert.Equal("use_authorization_request", await answer.ProblemAsync(HttpStatusCode.Forbidden));
    }

    [Theory]
    [InlineData("https://platform.test", false, null, true)]
    [InlineData("https://platform.test", true, null, false)]
    [InlineData("https://platform.test", false, "https://evil.test", false)]
    [InlineData("http://platform.test", false, null, false)]
    [InlineData("https://platform.test:8443", false, null, false)]
    [InlineData("https://a.platform.test", false, null, false)]
    public async Task Use_OnAPageOfAnotherOriginOrInAForeignFrame_IsNotValid(string origin, bool crossOrigin, string? top, bool expected)
    {
        var validate = _own.Host.Services.GetRequiredService<IOptions<IdentityPasskeyOptions>>().Value.ValidateOrigin!;

        Assert.Equal(expected, await validate(new PasskeyOriginValidationContext
        {
            HttpContext = new Microsoft.AspNetCore.Http.DefaultHttpContext(),
            Origin = origin,
            CrossOrigin = crossOrigin,
            TopOrigin = top,
        }));
    }

    private async Task<Person> WithPasskeysAsync(int count)
    {
        var person = await _own.SignedInAsync();
        for (var number = 0; number < count; number++)
        {
            await AddAsync(person, number);
        }

        return person;
    }

    private Task AddAsync(Person person, int number) => _own.Host.QueryAsync(db =>
    {
        db.UserPasskeys.Add(new IdentityUserPasskey<Guid>
        {
            UserId = person.Id,
            CredentialId = [.. person.Id.ToByteArray(), (byte)number],
            Data = new IdentityPasskeyData
            {
                Name = $"Key {number}",
                PublicKey = [1],
                CreatedAt = _own.Time.GetUtcNow().ToUniversalTime(),
                AttestationObject = [1],
                ClientDataJson = [1],
            },
        });
        return db.SaveChangesAsync();
    });

    private Task<int> CountAsync(Person person) => _own.Host.QueryAsync(db => db.UserPasskeys.CountAsync(row => row.UserId == person.Id));
}
