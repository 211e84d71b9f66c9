using System.Net;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class IntrospectionTests(IdentityApi api)
{
    private const string Inactive = """{"active":false}""";

    private TestClient Gateway => TestClient.Gateway(api.Http);

    [Fact]
    public async Task Ask_AboutManyAtOnce_TellsOfEachWhatIsSoOfIt()
    {
        var (living, ended) = (await api.SignedInAsync(), await api.SignedInAsync());
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE sessions SET revoked_at = now() WHERE id = {ended.SessionId}"));
        var gateway = TestClient.Gateway(api.Http);
        Person[] asked = [.. Enumerable.Range(0, 40).Select(at => at % 3 == 0 ? ended : living)];

        var answers = await Task.WhenAll(asked.Select(one => gateway.IntrospectAsync(one.AccessToken)));

        Assert.Equal(
            asked.Select(one => one == living),
            answers.Select(answer => answer.StartsWith("""{"active":true""", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Ask_AboutALivingToken_TellsWhatItSays()
    {
        var person = await api.SignedInAsync(Role.Viewer);

        using var answer = await Gateway.AskAsync("/connect/introspect", ("token", person.AccessToken), ("token_type_hint", "refresh_token"));

        var body = await answer.BodyAsync(HttpStatusCode.OK);
        var claims = Jwt.Claims(person.AccessToken);
        Assert.True(body.GetProperty("active").GetBoolean());
        foreach (var name in (string[])["sub", "scope", "client_id", "jti", "sid", "tid", "iss", "aud"])
        {
            Assert.Equal(claims.Text(name), body.Text(name));
        }

        Assert.Equal(claims.GetProperty("exp").GetInt64(), body.GetProperty("exp").GetInt64());
        Assert.Equal("Bearer", body.Text("token_type"));
        Assert.Equal(person.UserName, body.Text("username"));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Ask_AboutGarbage_GivesExactlyInactive()
    {
        var person = await api.SignedInAsync();
        var token = person.AccessToken;
        string[] garbage = ["x", "a.b.c", person.RefreshToken, token[..^6] + "AAAAAA", token + ".", new string('x', 9000), "\u00e9\u2028"];

        foreach (var text in garbage)
        {
            Assert.Equal(Inactive, await Gateway.IntrospectAsync(text));
        }
    }

    [Fact]
    public async Task Ask_AfterTheSessionEnded_IsInactive()
    {
        var person = await api.SignedInAsync();
        Assert.NotEqual(Inactive, await Gateway.IntrospectAsync(person.AccessToken));

        (await person.TryLogOutAsync()).Dispose();

        Assert.Equal(Inactive, await Gateway.IntrospectAsync(person.AccessToken));
    }

    [Theory]
    [InlineData(RevocationKind.Token, "jti")]
    [InlineData(RevocationKind.Session, "sid")]
    [InlineData(RevocationKind.Subject, "sub")]
    [InlineData(RevocationKind.Tenant, "tid")]
    public async Task Ask_AfterARevocation_IsInactive(RevocationKind kind, string claim)
    {
        var person = api.NewPerson();
        await person.RegisterAsync();
        await MoveToATenantOfTheirOwnAsync(person);
        await person.LogInAsync();
        await RevokeAsync(api.Host, kind, "something else", epoch: null);
        Assert.NotEqual(Inactive, await Gateway.IntrospectAsync(person.AccessToken));

        await RevokeAsync(
            api.Host, kind, Jwt.Claims(person.AccessToken).Text(claim), kind is RevocationKind.Subject or RevocationKind.Tenant ? 1 : null);

        Assert.Equal(Inactive, await Gateway.IntrospectAsync(person.AccessToken));
    }

    [Fact]
    public async Task Ask_AfterARevocationOfItsClient_IsInactive()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var token = await client.TokenAsync();
        await RevokeAsync(api.Host, RevocationKind.Client, client.Id, epoch: null, cutoff: TimeSpan.FromHours(-1));
        Assert.NotEqual(Inactive, await Gateway.IntrospectAsync(token));

        await RevokeAsync(api.Host, RevocationKind.Client, client.Id, epoch: null, cutoff: TimeSpan.FromMinutes(1));

        Assert.Equal(Inactive, await Gateway.IntrospectAsync(token));
    }

    [Fact]
    public async Task Ask_AfterAGlobalCutoff_IsInactive()
    {
        await using var host = IdentityHost.Start(await api.NewBackingAsync(), services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        var token = await (await TestClient.RegisterAsync(host, http)).TokenAsync();
        await RevokeAsync(host, RevocationKind.Global, "", epoch: null, cutoff: TimeSpan.FromHours(-1));
        Assert.NotEqual(Inactive, await TestClient.Gateway(http).IntrospectAsync(token));

        await RevokeAsync(host, RevocationKind.Global, "", epoch: null, cutoff: TimeSpan.FromMinutes(1));

        Assert.Equal(Inactive, await TestClient.Gateway(http).IntrospectAsync(token));
    }

    [Fact]
    public async Task Ask_DisabledAccount_IsInactive()
    {
        var person = await api.SignedInAsync();
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE users SET disabled_at = now() WHERE id = {person.Id}"));

        Assert.Equal(Inactive, await Gateway.IntrospectAsync(person.AccessToken));
    }

    [Fact]
    public async Task Ask_ByAClient_TellsOfItsOwnTokensOnly()
    {
        var client = await TestClient.RegisterAsync(api.Host, api.Http);
        var other = await TestClient.RegisterAsync(api.Host, api.Http);
        var token = await client.TokenAsync();

        Assert.NotEqual(Inactive, await client.IntrospectAsync(token));
        Assert.NotEqual(Inactive, await Gateway.IntrospectAsync(token));
        Assert.Equal(Inactive, await other.IntrospectAsync(token));
        Assert.Equal(Inactive, await client.IntrospectAsync((await api.SignedInAsync()).AccessToken));
    }

    [Fact]
    public async Task Ask_WithoutProof_IsRefused()
    {
        var open = await TestClient.RegisterAsync(api.Host, api.Http, proof: ClientProof.None);
        using var nobody = await open.AskOpenlyAsync("/connect/introspect", ("token", "x"));
        using var publicClient = await open.AskOpenlyAsync("/connect/introspect", ("token", "x"), ("client_id", open.Id));
        using var wrong = await new TestClient(api.Http, "gateway", "wrong").AskAsync("/connect/introspect", ("token", "x"));
        using var missing = await Gateway.AskAsync("/connect/introspect");

        foreach (var answer in new[] { nobody, publicClient, wrong })
        {
            Assert.Equal("invalid_client", (await answer.BodyAsync(HttpStatusCode.Unauthorized)).Text("error"));
        }

        Assert.Equal("invalid_request", (await missing.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    private static Task RevokeAsync(IdentityHost host, RevocationKind kind, string value, int? epoch, TimeSpan? cutoff = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        return host.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"""
            WITH next AS (UPDATE revocation_counter SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence)
            INSERT INTO revocations (sequence, kind, value, epoch, cutoff, tenant_id, actor, created_at, expires_at)
            SELECT sequence, {kind.ToString()}, {value}, {epoch}, {now + cutoff}, {Tenants.Default}, 'test', {now}, {now.AddHours(1)} FROM next
            """));
    }

    private Task MoveToATenantOfTheirOwnAsync(Person person) => api.Host.QueryAsync(async db =>
    {
        var tenant = Guid.CreateVersion7();
        db.Tenants.Add(new Tenant { Id = tenant, Name = tenant.ToString("N") });
        await db.SaveChangesAsync();
        return await db.Database.ExecuteSqlAsync($"UPDATE users SET tenant_id = {tenant} WHERE id = {person.Id}");
    });
}
