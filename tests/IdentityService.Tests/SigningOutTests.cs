using System.Net;
using IdentityService.Tests.Support;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class SigningOutTests(IdentityApi api)
{
    [Fact]
    public async Task LogOut_LivingSession_EndsItAndItsTokens()
    {
        var person = await api.SignedInAsync();
        var session = person.SessionId.ToString();

        using var answer = await person.TryLogOutAsync();

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        using var me = await person.TryMeAsync();
        Assert.Equal("invalid_token", await me.ProblemAsync(HttpStatusCode.Unauthorized));
        Assert.Contains("invalid_token", me.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryLogOutAsync()).StatusCode);
        await api.Events.AuditAsync("user.logout", session);
        var revoked = await api.Events.OneAsync<RevocationIssued>(one => one.Value == session);
        Assert.Equal(RevocationKind.Session, revoked.Kind);
    }

    [Fact]
    public async Task LogOut_OneSession_LeavesTheOther()
    {
        var person = await api.SignedInAsync();
        var (access, refresh) = (person.AccessToken, person.RefreshToken);
        await person.LogInAsync();

        (await person.TryLogOutAsync()).EnsureSuccessStatusCode();

        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync(access)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await person.TryRefreshAsync(refresh)).StatusCode);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.NoContent)]
    [InlineData("{}", HttpStatusCode.NoContent)]
    [InlineData("""{"refresh_token":"x"}""", HttpStatusCode.NoContent)]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("""{"other":1}""", HttpStatusCode.BadRequest)]
    public async Task LogOut_AnyBody_HasADefinedAnswer(string? body, HttpStatusCode expected)
    {
        var person = await api.SignedInAsync();
        using var answer = await person.SendAsync(HttpMethod.Post, "logout", body, person.AccessToken);

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task LogOut_LivingGateway_IsWaitedFor()
    {
        var backing = await api.NewBackingAsync();
        await using var host = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        await using var gateway = await FakeGateway.ConnectAsync(backing.Redis);
        await using var gone = await FakeGateway.ConnectAsync(backing.Redis);
        await gone.Database.HashSetAsync(RevocationStream.ReceiptsKey, gone.Id, "0:1000");
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        await gateway.ReceiptAsync(0);

        var began = TimeProvider.System.GetTimestamp();
        var answer = person.TryLogOutAsync();
        await Eventually.Async(async () => (await gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        var published = TimeProvider.System.GetElapsedTime(began);
        Assert.False(answer.IsCompleted && published < TimeSpan.FromMilliseconds(900), "answered before the gateway had it");
        await gateway.ReceiptAsync(1);

        Assert.Equal(HttpStatusCode.NoContent, (await answer).StatusCode);
    }

    [Fact]
    public async Task LogOut_GatewayThatStaysBehind_IsWaitedForASecond()
    {
        var backing = await api.NewBackingAsync();
        await using var host = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        await using var gateway = await FakeGateway.ConnectAsync(backing.Redis);
        var person = new Person(http);
        await person.RegisterAsync();

        // Again while the machine is so busy that the gateway's word is an old one, and it is given up.
        await Eventually.Async(
            async () =>
            {
                await person.LogInAsync();
                await gateway.ReceiptAsync(0);
                var began = TimeProvider.System.GetTimestamp();
                using var answer = await person.TryLogOutAsync();
                Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
                return TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(0.9);
            },
            IdentityApi.Deadline,
            "it was not waited for");
    }
}
