using System.Net;
using System.Text.Json;
using DeviceService.Tests.Support;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests;

public sealed class EnrollingDevicesTests(DeviceApi api)
{
    private const string Enroll = "/api/v1/devices/enroll";

    [Theory]
    [InlineData("ec")]
    [InlineData("rsa")]
    public async Task Enroll_WithKeyAndProof_MakesTheDeviceActiveAndTellsIdentity(string kind)
    {
        var tenant = DeviceApi.NewTenant();
        var device = kind == "ec" ? TestDevice.WithEcKey() : TestDevice.WithRsaKey(2048);
        var (tokenId, token) = await api.TokenAsync(tenant, new { group = "line-1" });
        var enrolment = device.Enrolment(token, "press 7");
        enrolment["attributes"] = new { site = "Aarau" };

        var response = await api.SendAsync(HttpMethod.Post, Enroll, body: enrolment);
        var body = await response.BodyAsync(HttpStatusCode.Created);

        var id = body.GetProperty("deviceId").GetGuid();
        Assert.Equal($"/api/v1/devices/{id}", response.Headers.Location?.OriginalString);
        Assert.Equal(id.ToString(), body.Text("clientId"));
        Assert.Equal(tenant, body.GetProperty("tenantId").GetGuid());
        Assert.Equal("active", body.Text("status"));
        Assert.Equal($"{TestTokens.Issuer}/connect/token", body.Text("tokenEndpoint"));
        Assert.Equal(30, body.GetProperty("heartbeatIntervalSeconds").GetInt32());
        var seen = await api.GetAsync(tenant, id);
        Assert.Equal("press 7", seen.Text("name"));
        Assert.Equal("line-1", seen.Text("group"));
        Assert.Equal("default", seen.Text("profile"));
        Assert.Equal("Aarau", seen.GetProperty("attributes").Text("site"));
        Assert.Equal(device.Thumbprint(), seen.Text("keyThumbprint"));
        Assert.Equal("unknown", seen.GetProperty("connectivity").Text("state"));

        await Eventually.Async(() => api.Events.Audit("device.enrolled", id).Count == 1, DeviceApi.Deadline);
        var told = Assert.Single(api.Events.Of<DeviceEnrolled>(one => one.DeviceId == id));
        Assert.Equal(tenant, told.Envelope.TenantId);
        Assert.Equal(new Actor(ActorKind.Device, id.ToString(), "press 7"), told.Envelope.Actor);
        Assert.Equal(device.Thumbprint(), told.KeyThumbprint);
        AssertPublishedKey(device, told);
        var record = Assert.Single(api.Events.Audit("device.enrolled", id));
        Assert.Equal(tokenId.ToString(), record.Detail!["enrollmentTokenId"]);
        Assert.Single(api.Events.Audit("enrollment_token.created", tokenId));
    }

    [Fact]
    public async Task Enroll_WithSingleUseToken_LetsNoSecondDeviceIn()
    {
        var tenant = DeviceApi.NewTenant();
        var (id, token) = await api.TokenAsync(tenant);
        await (await EnrollAsync(TestDevice.WithEcKey(), token)).BodyAsync(HttpStatusCode.Created);

        var second = await EnrollAsync(TestDevice.WithEcKey(), token);

        Assert.Equal("invalid_enrollment_token", await second.ProblemAsync(HttpStatusCode.Forbidden));
        await Eventually.Async(() => api.Events.Audit("device.enrollment_denied", id).Count == 1, DeviceApi.Deadline);
        var record = Assert.Single(api.Events.Audit("device.enrollment_denied", id));
        Assert.Equal(AuditResult.Denied, record.Result);
        Assert.Equal(tenant, record.Envelope.TenantId);
    }

    [Fact]
    public async Task Enroll_FiftyAtOnceForFiveUses_LetsExactlyFiveIn()
    {
        var tenant = DeviceApi.NewTenant();
        var (id, token) = await api.TokenAsync(tenant, new { maxUses = 5 });
        var devices = Enumerable.Range(0, 50).Select(_ => TestDevice.WithEcKey()).ToArray();

        var answers = await Task.WhenAll(devices.Select(device => EnrollAsync(device, token)));

        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.Created));
        Assert.Equal(45, answers.Count(answer => answer.StatusCode == HttpStatusCode.Forbidden));
        var fleet = await (await api.SendAsync(HttpMethod.Get, "/api/v1/devices?limit=100", api.Operator(tenant))).BodyAsync(HttpStatusCode.OK);
        Assert.Equal(5, fleet.GetProperty("items").GetArrayLength());
        var shown = await (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/enrollment-tokens/{id}", api.Operator(tenant))).BodyAsync(HttpStatusCode.OK);
        Assert.Equal(5, shown.GetProperty("uses").GetInt32());
        await Eventually.Async(
            () => api.Events.Of<DeviceEnrolled>(one => one.Envelope.TenantId == tenant).Count == 5, DeviceApi.Deadline);
    }

    [Fact]
    public async Task Enroll_SameRequestFiftyTimesAtOnce_MakesOneDevice()
    {
        var tenant = DeviceApi.NewTenant();
        var (_, token) = await api.TokenAsync(tenant, new { maxUses = 100 });
        var enrolment = TestDevice.WithEcKey().Enrolment(token);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => api.SendAsync(HttpMethod.Post, Enroll, body: enrolment)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(49, answers.Count(answer => answer.StatusCode == HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Enroll_SameKeyAgain_IsAConflictThatNamesTheDeviceAndCostsNoUse()
    {
        var tenant = DeviceApi.NewTenant();
        var device = TestDevice.WithEcKey();
        var (id, token) = await api.TokenAsync(tenant, new { maxUses = 2 });
        var first = await (await EnrollAsync(device, token)).BodyAsync(HttpStatusCode.Created);

        var again = await (await EnrollAsync(device, token)).BodyAsync(HttpStatusCode.Conflict);

        Assert.Equal("device_key_in_use", again.Text("code"));
        Assert.Equal(first.GetProperty("deviceId").GetGuid(), again.GetProperty("deviceId").GetGuid());
        var shown = await (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/enrollment-tokens/{id}", api.Operator(tenant))).BodyAsync(HttpStatusCode.OK);
        Assert.Equal(1, shown.GetProperty("uses").GetInt32());
    }

    [Fact]
    public async Task Enroll_SameKeyInAnotherTenant_IsAConflictThatNamesNobody()
    {
        var device = TestDevice.WithEcKey();
        await api.EnrollAsync(DeviceApi.NewTenant(), device);
        var (_, token) = await api.TokenAsync(DeviceApi.NewTenant());

        var again = await (await EnrollAsync(device, token)).BodyAsync(HttpStatusCode.Conflict);

        Assert.Equal("device_key_in_use", again.Text("code"));
        Assert.False(again.TryGetProperty("deviceId", out _));
    }

    [Fact]
    public async Task Enroll_WithUnknownRevokedOrUsedToken_GetsTheSameAnswer()
    {
        var tenant = DeviceApi.NewTenant();
        var (revokedId, revoked) = await api.TokenAsync(tenant);
        var gone = await api.SendAsync(HttpMethod.Delete, $"/api/v1/devices/enrollment-tokens/{revokedId}", api.Operator(tenant));
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        var (_, used) = await api.TokenAsync(tenant);
        await (await EnrollAsync(TestDevice.WithEcKey(), used)).BodyAsync(HttpStatusCode.Created);

        List<string> answers = [];
        foreach (var token in (string[])["pet_unknown", revoked, used])
        {
            var body = await (await EnrollAsync(TestDevice.WithEcKey(), token)).BodyAsync(HttpStatusCode.Forbidden);
            answers.Add(JsonSerializer.Serialize(body.EnumerateObject().Where(member => member.Name != "traceId").ToDictionary(one => one.Name, one => one.Value)));
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task Enroll_WithApprovalRequired_WaitsUntilSomebodyApproves()
    {
        var tenant = DeviceApi.NewTenant();
        var id = await api.EnrollAsync(tenant, wish: new { requiresApproval = true });
        Assert.Equal("pendingApproval", (await api.GetAsync(tenant, id)).Text("status"));
        Assert.Equal(HttpStatusCode.NotFound, (await api.BeatAsync(tenant, id)).StatusCode);
        await Eventually.Async(() => api.Events.Audit("device.enrolled", id).Count == 1, DeviceApi.Deadline);
        Assert.Empty(api.Events.Of<DeviceEnrolled>(one => one.DeviceId == id));

        var approved = await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{id}/approve", api.Operator(tenant));

        Assert.Equal("active", (await approved.BodyAsync(HttpStatusCode.OK)).Text("status"));
        Assert.Equal(HttpStatusCode.OK, (await api.BeatAsync(tenant, id)).StatusCode);
        await Eventually.Async(() => api.Events.Audit("device.approved", id).Count == 1, DeviceApi.Deadline);
        Assert.Single(api.Events.Of<DeviceEnrolled>(one => one.DeviceId == id));
        var again = await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{id}/approve", api.Operator(tenant));
        Assert.Equal("device_not_pending", await again.ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Reject_PendingDevice_KeepsItOutForGood()
    {
        var tenant = DeviceApi.NewTenant();
        var id = await api.EnrollAsync(tenant, wish: new { requiresApproval = true });

        var rejected = await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{id}/reject", api.Operator(tenant));

        Assert.Equal("rejected", (await rejected.BodyAsync(HttpStatusCode.OK)).Text("status"));
        var approve = await api.SendAsync(HttpMethod.Post, $"/api/v1/devices/{id}/approve", api.Operator(tenant));
        Assert.Equal(HttpStatusCode.Conflict, approve.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await api.BeatAsync(tenant, id)).StatusCode);
        await Eventually.Async(() => api.Events.Audit("device.rejected", id).Count == 1, DeviceApi.Deadline);
        Assert.Empty(api.Events.Of<DeviceEnrolled>(one => one.DeviceId == id));
    }

    private static void AssertPublishedKey(TestDevice device, DeviceEnrolled told)
    {
        using var jwk = JsonDocument.Parse(told.PublicKeyJwk);
        foreach (var (name, value) in device.Jwk())
        {
            Assert.Equal(value, jwk.RootElement.Text(name));
        }

        Assert.Equal(device.Algorithm, jwk.RootElement.Text("alg"));
        Assert.Equal(told.KeyThumbprint, jwk.RootElement.Text("kid"));
        Assert.False(jwk.RootElement.TryGetProperty("d", out _));
    }

    private Task<HttpResponseMessage> EnrollAsync(TestDevice device, string token) =>
        api.SendAsync(HttpMethod.Post, Enroll, body: device.Enrolment(token));
}
