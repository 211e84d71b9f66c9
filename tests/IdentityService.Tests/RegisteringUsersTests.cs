using System.Net;
using System.Text.Json;
using IdentityService.Tests.Support;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RegisteringUsersTests(IdentityApi api)
{
    [Fact]
    public async Task Register_GoodRequest_MakesAnAccountAndTellsTheOthers()
    {
        var person = api.NewPerson();
        using var answer = await person.TryRegisterAsync();

        var account = await answer.BodyAsync(HttpStatusCode.Created);
        Assert.Equal("/api/v1/auth/me", answer.Headers.Location?.OriginalString);
        Assert.Equal(person.UserName, account.Text("username"));
        Assert.Equal(person.Email, account.Text("email"));
        Assert.Equal(["createdAt", "email", "id", "username"], account.EnumerateObject().Select(one => one.Name).Order());

        var id = account.GetProperty("id").GetGuid();
        var registered = await api.Events.OneAsync<UserRegistered>(one => one.UserId == id);
        Assert.Equal(person.Email, registered.Email);
        Assert.Equal(new Actor(ActorKind.User, id.ToString(), person.UserName), registered.Envelope.Actor);
        var record = await api.Events.AuditAsync("user.registered", id.ToString());
        Assert.DoesNotContain(person.Password, JsonSerializer.Serialize(record), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Register_Always_GivesNoRole()
    {
        var person = await api.SignedInAsync();
        var me = await (await person.TryMeAsync()).BodyAsync(HttpStatusCode.OK);

        Assert.Empty(me.GetProperty("roles").EnumerateArray());
        Assert.Equal(["identity:self"], me.GetProperty("scopes").EnumerateArray().Select(one => one.GetString()));
    }

    [Theory]
    [InlineData("ab", null, null, "username")]
    [InlineData(".abc", null, null, "username")]
    [InlineData("ab c", null, null, "username")]
    [InlineData("abc@d", null, null, "username")]
    [InlineData("abc\0d", null, null, "username")]
    [InlineData("abcd\n", null, null, "username")]
    [InlineData("ad\u200ba", null, null, "username")]
    [InlineData("p\u0430ypal", null, null, "username")]
    [InlineData("", null, null, "username")]
    [InlineData(null, "plain", null, "email")]
    [InlineData(null, "a@b", null, "email")]
    [InlineData(null, "a@b@c.test", null, "email")]
    [InlineData(null, "a..b@c.test", null, "email")]
    [InlineData(null, "a@-c.test", null, "email")]
    [InlineData(null, "a\0b@c.test", null, "email")]
    [InlineData(null, "a@c.test\r\nBcc: x@y.test", null, "email")]
    [InlineData(null, "\"a b\"@c.test", null, "email")]
    [InlineData(null, null, "short pass", "password")]
    [InlineData(null, null, "Password1234!", "password")]
    [InlineData(null, null, "", "password")]
    public async Task Register_OneBadField_IsRefusedByName(string? userName, string? email, string? password, string field)
    {
        using var answer = await api.NewPerson().TryRegisterAsync(userName, email, password);

        Assert.Equal([field], await answer.FaultsAsync());
    }

    [Fact]
    public async Task Register_TooLongFields_AreAllNamedAtOnce()
    {
        using var answer = await api.NewPerson().TryRegisterAsync(
            new string('a', 65), $"{new string('a', 64)}@{string.Join('.', Enumerable.Repeat(new string('b', 60), 4))}.test", new string('x', 257));

        Assert.Equal(["email", "password", "username"], await answer.FaultsAsync());
    }

    [Fact]
    public async Task Register_NamesOfTheAccountInThePassword_AreRefused()
    {
        var person = api.NewPerson();
        using var withName = await person.TryRegisterAsync(password: $"my {person.UserName.ToUpperInvariant()} 99");
        Assert.Equal(["password"], await withName.FaultsAsync());
        using var withEmail = await person.TryRegisterAsync("somebody-else", "lighthouse@platform.test", "the Lighthouse 12345");
        Assert.Equal(["password"], await withEmail.FaultsAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"username":"a","username":"b"}""")]
    [InlineData("""{"username":7}""")]
    [InlineData("""{"username":"someone","email":"a@b.test","password":"seven quiet herons at dawn","roles":["admin"]}""")]
    [InlineData("""{"USERNAME":"someone"}""")]
    [InlineData("""{"username":"\ud800"}""")]
    public async Task Register_MalformedBody_IsRefused(string body)
    {
        using var answer = await api.NewPerson().SendAsync(HttpMethod.Post, "register", body);

        Assert.Equal("malformed_request", await answer.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Register_HugeBody_IsRefusedUnread()
    {
        using var answer = await api.NewPerson().TryRegisterAsync(password: new string('x', 40_000));

        Assert.Equal("body_too_large", await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge));
    }

    [Fact]
    public async Task Register_NameTakenInOtherCase_IsToldAndTheAddressIsNot()
    {
        var person = api.NewPerson();
        await person.RegisterAsync();
        using var answer = await person.TryRegisterAsync(person.UserName.ToUpperInvariant(), person.Email.ToUpperInvariant());

        var body = await answer.BodyAsync(HttpStatusCode.Conflict);
        Assert.Equal("user_name_taken", body.Text("code"));
        Assert.Equal(["user_name_taken"], body.GetProperty("errors").GetProperty("username").EnumerateArray().Select(one => one.GetString()));
        Assert.False(body.GetProperty("errors").TryGetProperty("email", out _));
    }

    [Fact]
    public async Task Register_SameNameSideBySide_OneWinsAndOnlyItsEventLeaves()
    {
        var person = api.NewPerson();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number =>
            person.TryRegisterAsync(email: $"{number}{person.Email}")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        foreach (var answer in answers.Where(answer => answer.StatusCode != HttpStatusCode.Created))
        {
            Assert.Equal("user_name_taken", await answer.ProblemAsync(HttpStatusCode.Conflict));
        }

        await api.Events.OneAsync<UserRegistered>(one => one.UserName == person.UserName);
    }

    [Fact]
    public async Task Register_NameBeyondAscii_IsKeptNormalizedAndFoundInAnySpelling()
    {
        var person = api.NewPerson();
        var letters = string.Concat(Guid.CreateVersion7().ToString("N")[12..].Select(digit => (char)('\u0431' + Convert.ToInt32($"{digit}", 16))));
        using var answer = await person.TryRegisterAsync(userName: $"\u0416{letters}\u0438\u0306"); // the last two compose

        var body = await answer.BodyAsync(HttpStatusCode.Created);
        Assert.Equal($"\u0416{letters}\u0439", body.Text("username"));
        using var login = await person.TryLogInAsync(name: $"\u0436{letters.ToUpperInvariant()}\u0419");
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        var token = Jwt.Claims((await login.BodyAsync(HttpStatusCode.OK)).Text("access_token"));
        Assert.Equal($"\u0416{letters}\u0439", token.Text("name"));
    }

    [Fact]
    public async Task Register_NamesThatLookAlikeSideBySide_OneWins()
    {
        // Only letters that Cyrillic has too.
        var name = string.Concat(Guid.CreateVersion7().ToString("N")[8..].Select(digit => "acehijopsxyacehi"[Convert.ToInt32($"{digit}", 16)]));
        var cyrillic = string.Concat(name.Select(letter => "\u0430\u0441\u0435\u04bb\u0456\u0458\u043e\u0440\u0455\u0445\u0443"["acehijopsxy".IndexOf(letter, StringComparison.Ordinal)]));

        var answers = await Task.WhenAll(
            api.NewPerson().TryRegisterAsync(userName: name), api.NewPerson().TryRegisterAsync(userName: cyrillic));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal("user_name_taken", await answers.Single(answer => answer.StatusCode != HttpStatusCode.Created).ProblemAsync(HttpStatusCode.Conflict));
    }
}
