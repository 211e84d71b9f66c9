using System.Net;
using System.Net.Http.Json;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

/// <summary>Services that break the protocol: a problem while nothing was answered yet, else a connection visibly cut.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class UpstreamGarbageTests(SharedGateway shared)
{
    private const string Devices = "/api/v1/devices";

    public static TheoryData<string, string> Broken => new()
    {
        { "nothing", "" },
        { "no HTTP", "nonsense\r\n\r\n" },
        { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n" },
        { "half a status line", "HTTP/1.1 2" },
        { "no status", "HTTP/1.1 abc OK\r\n\r\n" },
        { "headers that do not end", "HTTP/1.1 200 OK\r\nX-A: b\r\nX-B" },
        { "header without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n" },
        { "header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n" },
        { "headers beyond any measure", "HTTP/1.1 200 OK\r\nX-A: " + new string('a', 300_000) + "\r\n\r\n" },
        { "upgrade that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" },
    };

    public static TheoryData<string, string> BrokenOff => new()
    {
        { "body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart" },
        { "chunks that do not end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n" },
        { "chunk that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzz\r\n" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Post_ToAServiceThatAnswersGarbage_Gives502OnceAndTellsNothing(string what, string bytes)
    {
        using var wire = Wire.Answering(bytes);
        var gateway = await StartAsync(wire);

        var answer = await gateway.SendAsync(HttpMethod.Post, Devices, Token, JsonContent.Create(new { }));

        var problem = await answer.MustBeProblemAsync(HttpStatusCode.BadGateway, "upstream_failed");
        Assert.DoesNotContain("127.0.0.1", problem.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", problem.GetRawText(), StringComparison.Ordinal);
        Assert.True(wire.Arrivals.Count == 1, what);
    }

    [Theory]
    [MemberData(nameof(BrokenOff))]
    public async Task Get_OfAnAnswerThatBreaksOff_IsCutForTheClientTooAndNotAskedAgain(string what, string bytes)
    {
        using var wire = Wire.Answering(bytes);
        var gateway = await StartAsync(wire);
        using var raw = await RawConnection.OpenAsync(gateway.Address);

        var answer = await raw.SendAsync($"GET {Devices} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {Token}\r\n\r\n");

        // A problem as long as nothing had gone to the client; else closed, and by the length or the missing last chunk
        // the client sees that it has not all of it.
        Assert.True(
            answer.StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal)
                || answer.Length == 0
                || (answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) && !answer.Contains("\r\n0\r\n\r\n", StringComparison.Ordinal) && !answer.Contains("Content-Length: 4\r\n", StringComparison.Ordinal)),
            $"{what}: {answer}");
        Assert.True(wire.Arrivals.Count == 1, what);
    }

    [Fact]
    public async Task Garbage_OfOneService_OpensItsCircuitAndLeavesTheOthersAlone()
    {
        using var wire = Wire.Answering("nonsense\r\n\r\n");
        var gateway = await StartAsync(wire, ("Proxying:CircuitFailures", "3"), ("Proxying:CircuitPause", "00:01:00"), ("Proxying:Attempts", "1"));
        for (var count = 0; count < 3; count++)
        {
            await (await gateway.GetAsync(Devices, Token)).MustBeProblemAsync(HttpStatusCode.BadGateway, "upstream_failed");
        }

        await Platform.Testing.Eventually.Async(
            async () => (await gateway.GetAsync(Devices, Token)).StatusCode == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5), "the circuit did not open");
        var asked = wire.Arrivals.Count;
        await (await gateway.GetAsync(Devices, Token)).MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_unavailable");
        Assert.Equal(asked, wire.Arrivals.Count);
        await (await gateway.GetAsync("/api/v1/notifications", shared.Around.Issuer.User())).MustHaveArrivedAsync();
    }

    [Fact]
    public async Task Identity_Away_SignInGives503AndKnownKeysGoOn()
    {
        await using var around = await Surroundings.StartAsync(shared.Servers);
        var gateway = await around.StartGatewayAsync();
        var known = around.Issuer.User(Scopes.DevicesRead);
        await (await gateway.GetAsync(Devices, known)).MustHaveArrivedAsync();
        await around.Identity.StopAsync();

        for (var count = 0; count < 30; count++)
        {
            // The one that is cached, and new ones of the known key.
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync(Devices, known)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync(Devices, around.Issuer.User(Scopes.DevicesRead))).StatusCode);
        }

        await (await gateway.SendAsync(HttpMethod.Post, "/api/v1/auth/login", content: JsonContent.Create(new { })))
            .MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_unavailable");
    }

    private string Token => shared.Around.Issuer.User(Scopes.DevicesRead, Scopes.DevicesWrite);

    private Task<GatewayHost> StartAsync(Wire wire, params (string, string?)[] changes) => shared.Around.StartGatewayAsync(
        changes: [("services:device:http:0", wire.Url), .. changes]);
}
