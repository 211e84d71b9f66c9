using Gateway.Edge;
using Gateway.Tests.Support;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class RequestTargetTests(SharedGateway shared)
{
    private static readonly string[] Anonymous =
    [
        "/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/refresh", "/connect", "/.well-known/", "/account",
        "/api/v1/devices/enroll", "/openapi/",
    ];

    private static readonly string[] Pieces =
    [
        "/", "//", "/.", "/..", "/./", "/../", "%2e", "%2E%2e", "%2f", "%5c", "\\", "%00", "%252e", "%252f", "%c0%ae", "%c0%af", "%e0%80%ae",
        "%ff", "%", "%2", "%zz", ";", ";x=y", "?", "#", " ", "\t", "%0d%0a", "a", "api", "v1", "/api/v1", "/auth", "/login", "/me", "/admin",
        "/users", "/connect", "/token", "/.well-known", "/jwks.json", "/account", "/openapi", "/devices", "/enroll", "http://", "{host}", "*", "@", ":80",
    ];

    [Theory]
    [InlineData("/")]
    [InlineData("/api/v1/devices/7?limit=5&cursor=a%2Fb..//%00")]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/api/v1/bundles/a.tar..gz")]
    [InlineData("/api/v1/users/%C3%A4%20b@example.org;v=1")]
    [InlineData("/api/v1/progress/100%25")]
    [InlineData("/x?q={\"a\":[1,2]}|<b>")]
    [InlineData("http://platform.test/x")]
    [InlineData("HTTPS://platform.test")]
    public void Target_ThatHasOneMeaning_IsPlain(string target) => Assert.True(RequestTarget.IsPlain(target));

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("x")]
    [InlineData("ftp://platform.test/x")]
    [InlineData("/a//b")]
    [InlineData("/a/./b")]
    [InlineData("/a/../b")]
    [InlineData("/a/..")]
    [InlineData("/.")]
    [InlineData("/a/%2e%2e/b")]
    [InlineData("/a/.%2E/b")]
    [InlineData("/a%2fb")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%5cb")]
    [InlineData("/a\\b")]
    [InlineData("/a%00b")]
    [InlineData("/a%0d%0aX:%20y")]
    [InlineData("/a%7f")]
    [InlineData("/a%252fb")]
    [InlineData("/a%25%32%66b")]
    [InlineData("/a%c0%afb")]
    [InlineData("/a%c0%ae%c0%ae/b")]
    [InlineData("/a%e0%80%af")]
    [InlineData("/a%ff")]
    [InlineData("/a%ed%a0%80")]
    [InlineData("/a%")]
    [InlineData("/a%2")]
    [InlineData("/a%zz")]
    [InlineData("/a%+1")]
    [InlineData("/a b")]
    [InlineData("/a\tb")]
    [InlineData("/a\rb")]
    [InlineData("/a\u00e9")]
    [InlineData("/a\"b")]
    [InlineData("/a#b")]
    [InlineData("/a?b#c")]
    [InlineData("/a?b\u0001")]
    [InlineData("/a?b\\c")]
    [InlineData("http://platform.test//x")]
    public void Target_ThatAnotherServerCouldReadOtherwise_IsNotPlain(string target) => Assert.False(RequestTarget.IsPlain(target));

    /// <summary>Whatever is sent without a token, a service is only ever asked for a path that needs none.</summary>
    [Fact]
    public async Task Targets_OfAllKinds_ReachWithoutATokenOnlyWhatNeedsNone()
    {
        const int Seed = 20260731;
        Random random = new(Seed);
        Service[] services = [shared.Around.Identity, shared.Around.Audit, shared.Around.Device, shared.Around.Notification];
        var before = services.ToDictionary(service => service, service => service.Arrivals.Count);

        for (var connection = 0; connection < 20; connection++)
        {
            await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => string.Concat(random.GetItems(Pieces, random.Next(1, 9)))).Select(AskAsync));
        }

        var arrived = services.SelectMany(service => service.Arrivals.Skip(before[service])).ToList();
        Assert.NotEmpty(arrived);
        Assert.All(arrived, one =>
        {
            Assert.True(Anonymous.Any(path => one.Path.StartsWith(path, StringComparison.OrdinalIgnoreCase)), $"seed {Seed}: {one.Target}");
            Assert.True(RequestTarget.IsPlain(one.Target), $"seed {Seed}: {one.Target}");
        });
    }

    private async Task AskAsync(string target)
    {
        var host = shared.Gateway.Address.Authority;
        using var raw = await RawConnection.OpenAsync(shared.Gateway.Address);
        var whole = target.Contains("://", StringComparison.Ordinal) ? target : "/connect" + target;
        await raw.SendAsync($"GET {(target.Length % 2 == 0 ? whole : target).Replace("{host}", host, StringComparison.Ordinal)} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    }
}
