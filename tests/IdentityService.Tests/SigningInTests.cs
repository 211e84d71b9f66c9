using System.Net;
using System.Text.Json.Nodes;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class SigningInTests : IClassFixture<OwnHost>
{
    private readonly IdentityApi _api;
    private readonly OwnHost _own;

    public SigningInTests(IdentityApi api, OwnHost own)
    {
        (_api, _own) = (api, own);
        _own.Time.Freeze();
    }

    [Fact]
    public async Task LogIn_ByNameOrAddressInAnyCase_BeginsASession()
    {
        var person = _api.NewPerson();
        await person.RegisterAsync();
        await _api.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.EmailConfirmed, true)));
        foreach (var name in (string[])[person.UserName, person.UserName.ToUpperInvariant(), person.Email, person.Email.ToUpperInvariant()])
        {
            using var answer = await person.TryLogInAsync(name);
            var tokens = await answer.BodyAsync(HttpStatusCode.OK);
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
            Assert.Equal("Bearer", tokens.Text("token_type"));
            Assert.Equal(900, tokens.GetProperty("expires_in").GetInt32());
            Assert.Matches("^[A-Za-z0-9_-]{43}$", tokens.Text("refresh_token"));
            var me = await (await person.TryMeAsync(tokens.Text("access_token"))).BodyAsync(HttpStatusCode.OK);
            Assert.Equal(person.UserName, me.Text("username"));
        }

        var sessions = await _api.Host.QueryAsync(db => db.Sessions.Where(row => row.UserId == person.Id).ToListAsync());
        Assert.Equal(4, sessions.Count);
        Assert.All(sessions, session => Assert.Equal("127.0.0.1", session.Address));
    }

    [Fact]
    public async Task LogIn_Success_IsRecordedWithTheSession()
    {
        var person = await _api.SignedInAsync();

        var record = await _api.Events.AuditAsync("user.login", person.Id.ToString());
        Assert.Equal(person.SessionId.ToString(), record.Envelope.SessionId);
        Assert.Equal(person.UserName, record.Envelope.Actor.Name);
        Assert.Matches("^[0-9a-f]{32}$", record.Envelope.TraceId);
    }

    [Fact]
    public async Task LogIn_WrongPasswordUnknownNameOrDisabled_AnswerTheSame()
    {
        var person = _api.NewPerson();
        await person.RegisterAsync();
        var disabled = _api.NewPerson();
        await disabled.RegisterAsync();
        await _api.Host.QueryAsync(db => db.Users.Where(row => row.Id == disabled.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DisabledAt, TimeProvider.System.GetUtcNow())));

        using var wrong = await person.TryLogInAsync(password: "not the password at all");
        using var unknown = await person.TryLogInAsync(name: "nobody-by-that-name");
        using var refused = await disabled.TryLogInAsync();

        var expected = await ComparableAsync(wrong);
        Assert.Equal(expected, await ComparableAsync(unknown));
        Assert.Equal(expected, await ComparableAsync(refused));
        Assert.Equal("wrong_password", (await _api.Events.AuditAsync("user.login_failed", person.Id.ToString(), AuditResult.Denied)).Detail!["reason"]);
        Assert.Equal("disabled", (await _api.Events.AuditAsync("user.login_failed", disabled.Id.ToString(), AuditResult.Denied)).Detail!["reason"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LogIn_ManyFailures_DelaysKnownAndUnknownNamesAlike(bool known)
    {
        var person = new Person(_own.Http);
        if (known)
        {
            await person.RegisterAsync();
        }

        for (var failure = 0; failure < 5; failure++)
        {
            using var wrong = await person.TryLogInAsync(password: "not the password at all");
            Assert.Equal("invalid_credentials", await wrong.ProblemAsync(HttpStatusCode.Unauthorized));
        }

        foreach (var delay in (int[])[1, 2, 4, 8])
        {
            using var blocked = await person.TryLogInAsync();
            Assert.Equal("too_many_failures", await blocked.ProblemAsync(HttpStatusCode.TooManyRequests));
            Assert.Equal(delay, (int)blocked.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
            _own.Time.Advance(TimeSpan.FromSeconds(delay));
            using var again = await person.TryLogInAsync(password: "not the password at all");
            Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        }

        _own.Time.Advance(TimeSpan.FromSeconds(16));
        using var right = await person.TryLogInAsync();
        Assert.Equal(known ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, right.StatusCode);
        if (known)
        {
            Assert.False(await _own.Host.QueryAsync(db => db.FailedSignIns.AnyAsync(row => row.Key == $"user:{person.Id}")));
        }
    }

    [Fact]
    public async Task LogIn_EndlessFailures_DelayNoLongerThanConfigured()
    {
        var time = new ShiftedTime();
        time.Freeze();
        await using var host = IdentityHost.Start(
            await _api.NewBackingAsync(), time, IdentityHost.FastHashes, settings: [("SignIn:LongestDelay", "00:00:10"), ("SignIn:FreeFailures", "3")]);
        using var http = host.CreateClient();
        var person = new Person(http);
        for (var failure = 0; failure < 12; failure++)
        {
            (await person.TryLogInAsync()).Dispose();
            time.Advance(TimeSpan.FromSeconds(10));
        }

        (await person.TryLogInAsync()).Dispose();
        using var blocked = await person.TryLogInAsync();
        Assert.Equal(10, (int)blocked.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
    }

    [Fact]
    public async Task LogIn_GuessingSideBySide_DoesNotOvertakeTheCounter()
    {
        var person = new Person(_own.Http);
        await person.RegisterAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => person.TryLogInAsync(password: "not the password at all")));

        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(35, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        Assert.Equal(5, (await _own.Host.QueryAsync(db => db.FailedSignIns.SingleAsync(row => row.Key == $"user:{person.Id}"))).Failures);
    }

    [Theory]
    [InlineData("{}", "password,username")]
    [InlineData("""{"username":"","password":""}""", "password,username")]
    [InlineData("""{"username":"a"}""", "password")]
    public async Task LogIn_MissingFields_AreNamed(string body, string fields)
    {
        using var answer = await _api.NewPerson().SendAsync(HttpMethod.Post, "login", body);

        Assert.Equal(fields.Split(','), await answer.FaultsAsync());
    }

    [Fact]
    public async Task LogIn_TooLongFields_AreNamed()
    {
        using var answer = await _api.NewPerson().TryLogInAsync(new string('a', 255), new string('b', 257));

        Assert.Equal(["password", "username"], await answer.FaultsAsync());
    }

    [Theory]
    [InlineData("nul\0inside")]
    [InlineData("' OR 1=1 --")]
    [InlineData("\u202Eevil")]
    public async Task LogIn_StrangeName_IsJustUnknown(string name)
    {
        using var answer = await _api.NewPerson().TryLogInAsync(name);

        Assert.Equal("invalid_credentials", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Administrator_FirstStart_HasEveryScope()
    {
        var administrator = _api.NewPerson();
        var tokens = await (await administrator.TryLogInAsync("admin", IdentityHost.AdministratorPassword)).BodyAsync(HttpStatusCode.OK);

        var claims = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(
            "audit:admin audit:read devices:read devices:write identity:admin identity:self notifications:admin notifications:read platform:admin",
            claims.Text("scope"));
        Assert.Equal("""["admin","platform-admin"]""", claims.GetProperty("roles").GetRawText());
    }

    private static async Task<string> ComparableAsync(HttpResponseMessage answer)
    {
        Assert.Equal("invalid_credentials", await answer.ProblemAsync(HttpStatusCode.Unauthorized));
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
        body.Remove("traceId");
        return body.ToJsonString();
    }
}
