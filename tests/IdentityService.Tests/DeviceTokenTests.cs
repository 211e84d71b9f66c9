using System.Net;
using System.Text.Json.Nodes;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Tests;

public sealed class DeviceTokenTests(IdentityApi api)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ask_WithTheOwnKey_GivesATokenOfTheDevice(bool ellipticCurve)
    {
        using var device = await EnrolledAsync(ellipticCurve ? TestDevice.WithEcKey() : TestDevice.WithRsaKey());

        using var answer = await TestDevice.AskAsync(api.Http, device.Assertion());

        var tokens = await answer.BodyAsync(HttpStatusCode.OK);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal(["access_token", "expires_in", "scope", "token_type"], tokens.EnumerateObject().Select(one => one.Name).Order());
        var claims = Jwt.Claims(tokens.Text("access_token"));
        Assert.Equal(device.Id.ToString(), claims.Text("sub"));
        Assert.Equal(device.Id.ToString(), claims.Text("client_id"));
        Assert.Equal(device.Tenant.ToString(), claims.Text("tid"));
        Assert.Equal("devices:self", claims.Text("scope"));
        Assert.False(claims.TryGetProperty("sid", out _));
        var record = await api.Events.AuditAsync("device.token_issued", device.Id.ToString());
        Assert.Equal(ActorKind.Device, record.Envelope.Actor.Kind);
    }

    [Theory]
    [InlineData("https://platform.test")]
    [InlineData("""["https://elsewhere.test","https://platform.test/connect/token"]""")]
    public async Task Ask_AudienceIsThisIssuer_IsAccepted(string audience)
    {
        using var device = await EnrolledAsync(TestDevice.WithEcKey());
        var aud = audience[0] == '[' ? JsonNode.Parse(audience) : audience;
        using var answer = await TestDevice.AskAsync(api.Http, device.Assertion(("aud", aud)), ("client_id", device.Id.ToString()));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Ask_WithTheSameAssertionAgain_IsRefused()
    {
        using var device = await EnrolledAsync(TestDevice.WithEcKey());
        var assertion = device.Assertion();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => TestDevice.AskAsync(api.Http, assertion)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        await RefusedAsync(await TestDevice.AskAsync(api.Http, assertion));

        // Known for as long as it would be accepted, whatever the sweep of what is over does.
        var expires = DateTimeOffset.FromUnixTimeSeconds(Jwt.Claims(assertion).GetProperty("exp").GetInt64());
        var skew = api.Host.Services.GetRequiredService<IOptions<AuthenticationOptions>>().Value.ClockSkew;
        Assert.True(await api.Host.QueryAsync(db => db.UsedAssertions.AnyAsync(row => row.ClientId == device.Id && row.ExpiresAt >= expires + skew)));
    }

    [Fact]
    public async Task Ask_SameTokenIdFromTwoDevices_AreTwo()
    {
        using var one = await EnrolledAsync(TestDevice.WithEcKey());
        using var two = await EnrolledAsync(TestDevice.WithEcKey());

        Assert.Equal(HttpStatusCode.OK, (await TestDevice.AskAsync(api.Http, one.Assertion(("jti", "1")))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await TestDevice.AskAsync(api.Http, two.Assertion(("jti", "1")))).StatusCode);
    }

    [Fact]
    public async Task Ask_WithABadAssertion_IsRefused()
    {
        using var device = await EnrolledAsync(TestDevice.WithEcKey());
        using var other = await EnrolledAsync(TestDevice.WithEcKey());
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var good = device.Assertion();
        string[] bad =
        [
            "nonsense",
            "",
            device.Assertion(("aud", "https://elsewhere.test/connect/token")),
            device.Assertion(("aud", null)),
            device.Assertion(("exp", now - 30)),
            device.Assertion(("exp", now + 400)),
            device.Assertion(("exp", null)),
            device.Assertion(("exp", "soon")),
            device.Assertion(("iat", now + 60)),
            device.Assertion(("nbf", now + 60)),
            device.Assertion(("jti", null)),
            device.Assertion(("jti", "")),
            device.Assertion(("jti", new string('j', 257))),
            device.Assertion(("iss", other.Id.ToString())),
            device.Assertion(("sub", other.Id.ToString())),
            device.Assertion(("sub", other.Id.ToString()), ("iss", other.Id.ToString())),
            device.Assertion(("sub", "device"), ("iss", "device")),
            device.Sign(JsonNode.Parse(Jwt.Claims(good).GetRawText())!.AsObject(), "at+jwt"),
            $"{Jwt.Encode("""{"alg":"none"}""")}.{good.Split('.')[1]}.AAAA",
            $"{Jwt.Encode("""{"alg":"HS256"}""")}.{good.Split('.')[1]}.{good.Split('.')[2]}",
        ];

        foreach (var assertion in bad)
        {
            await RefusedAsync(await TestDevice.AskAsync(api.Http, assertion));
        }

        await RefusedAsync(await TestDevice.AskAsync(api.Http, device.Assertion(), ("client_id", other.Id.ToString())));
        using var unknown = TestDevice.WithEcKey();
        await RefusedAsync(await TestDevice.AskAsync(api.Http, unknown.Assertion()));
        Assert.Equal(HttpStatusCode.OK, (await TestDevice.AskAsync(api.Http, good)).StatusCode);
    }

    [Theory]
    [InlineData("grant_type=password&username=a&password=b", "unsupported_grant_type", HttpStatusCode.BadRequest)]
    [InlineData("grant_type=refresh_token", "invalid_client", HttpStatusCode.Unauthorized)]
    [InlineData("grant_type=", "invalid_request", HttpStatusCode.BadRequest)]
    [InlineData("scope=x", "invalid_request", HttpStatusCode.BadRequest)]
    [InlineData("", "invalid_request", HttpStatusCode.BadRequest)]
    [InlineData("grant_type=client_credentials&grant_type=client_credentials", "invalid_request", HttpStatusCode.BadRequest)]
    [InlineData("grant_type=client_credentials", "invalid_client", HttpStatusCode.Unauthorized)]
    [InlineData("grant_type=client_credentials&client_assertion_type=x&client_assertion=y", "invalid_client", HttpStatusCode.Unauthorized)]
    [InlineData("grant_type=client_credentials&client_id=%00&client_assertion=%00", "invalid_request", HttpStatusCode.BadRequest)]
    public async Task Ask_BadForm_IsAnsweredAsInRfc6749(string form, string error, HttpStatusCode status)
    {
        using var content = new StringContent(form, null, "application/x-www-form-urlencoded");
        using var answer = await api.Http.PostAsync("/connect/token", content);

        var body = await answer.BodyAsync(status);
        Assert.Equal(error, body.Text("error"));
        Assert.NotEmpty(body.Text("error_description"));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Ask_AsJson_IsRefused()
    {
        using var answer = await api.NewPerson().SendAsync(HttpMethod.Post, "../../../connect/token", "{}");

        Assert.Equal("invalid_request", (await answer.BodyAsync(HttpStatusCode.BadRequest)).Text("error"));
    }

    [Theory]
    [InlineData("devices:self", HttpStatusCode.OK)]
    [InlineData("platform:admin", HttpStatusCode.BadRequest)]
    [InlineData("devices:self devices:write", HttpStatusCode.BadRequest)]
    public async Task Ask_ForAScope_GivesNoOtherThanItsOwn(string scope, HttpStatusCode expected)
    {
        using var device = await EnrolledAsync(TestDevice.WithEcKey());
        using var answer = await TestDevice.AskAsync(api.Http, device.Assertion(), ("scope", scope));

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Decommission_Device_RefusesItAndRevokesItsTokens()
    {
        using var device = await EnrolledAsync(TestDevice.WithEcKey());

        await api.Events.PublishAsync(device.Decommissioned());

        var revoked = await api.Events.OneAsync<RevocationIssued>(one => one.Value == device.Id.ToString());
        Assert.Equal((RevocationKind.Subject, 1L), (revoked.Kind, revoked.Epoch));
        await RefusedAsync(await TestDevice.AskAsync(api.Http, device.Assertion()));
        await api.Events.AuditAsync("device.token_issued", device.Id.ToString(), AuditResult.Denied);
    }

    [Fact]
    public async Task Enrol_AfterDecommission_DoesNotBringItBack()
    {
        using var device = TestDevice.WithEcKey();
        await api.Events.PublishAsync(device.Decommissioned());
        await Eventually.Async(() => IsKnownAsync(device, decommissioned: true), IdentityApi.Deadline);

        var enrolled = device.Enrolled();
        await api.Events.PublishAsync(enrolled);

        await Eventually.Async(() => WasHandledAsync(enrolled.Envelope.Id), IdentityApi.Deadline);
        await RefusedAsync(await TestDevice.AskAsync(api.Http, device.Assertion()));
    }

    [Fact]
    public async Task Enrol_KeyThatDoesNotMatchItsThumbprint_IsNotTaken()
    {
        using var device = TestDevice.WithEcKey();
        using var other = TestDevice.WithEcKey();
        await api.Events.PublishAsync(device.Enrolled(other.Enrolled().KeyThumbprint));

        await Eventually.Async(
            async () => await api.Servers.Broker.CountMessagesAsync(api.Backing.Messaging, DeadLetterQueue.Name) > 0,
            IdentityApi.Deadline);
        Assert.False(await IsKnownAsync(device, decommissioned: false));
    }

    private async Task<TestDevice> EnrolledAsync(TestDevice device)
    {
        await api.Events.PublishAsync(device.Enrolled());
        await Eventually.Async(() => IsKnownAsync(device, decommissioned: false), IdentityApi.Deadline);
        return device;
    }

    private Task<bool> IsKnownAsync(TestDevice device, bool decommissioned) => api.Host.QueryAsync(db =>
        db.DeviceClients.AnyAsync(row => row.Id == device.Id && row.DecommissionedAt.HasValue == decommissioned));

    private Task<bool> WasHandledAsync(Guid message) => api.Host.QueryAsync(db =>
        db.Database.SqlQuery<Guid>($"SELECT message_id FROM inbox WHERE message_id = {message}").AnyAsync());

    private static async Task RefusedAsync(HttpResponseMessage answer)
    {
        var body = await answer.BodyAsync(HttpStatusCode.Unauthorized);
        Assert.Equal("invalid_client", body.Text("error"));
        Assert.Equal("The client could not be authenticated.", body.Text("error_description"));
        answer.Dispose();
    }
}
