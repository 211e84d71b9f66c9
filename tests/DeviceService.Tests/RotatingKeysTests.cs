using System.Net;
using DeviceService.Tests.Support;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests;

public sealed class RotatingKeysTests(DeviceApi api)
{
    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Rotate_WithProofOfTheNewKey_TellsIdentityAndRetiresTheOldOne()
    {
        var old = TestDevice.WithEcKey();
        var id = await api.EnrollAsync(_tenant, old);
        var next = TestDevice.WithRsaKey(2048);

        var body = await (await RotateAsync(id, next)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal(next.Thumbprint(), body.Text("keyThumbprint"));
        Assert.Equal(next.Thumbprint(), (await api.GetAsync(_tenant, id)).Text("keyThumbprint"));
        await Eventually.Async(() => api.Events.Of<DeviceEnrolled>(one => one.DeviceId == id).Count == 2, DeviceApi.Deadline);
        Assert.Equal(
            [old.Thumbprint(), next.Thumbprint()],
            api.Events.Of<DeviceEnrolled>(one => one.DeviceId == id).Select(one => one.KeyThumbprint));
        await Eventually.Async(() => api.Events.Audit("device.key_rotated", id).Count == 1, DeviceApi.Deadline);
        Assert.Equal("device_key_in_use", await (await RotateAsync(id, old)).ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Rotate_ToAnotherDevicesKey_IsAConflict()
    {
        var taken = TestDevice.WithEcKey();
        await api.EnrollAsync(DeviceApi.NewTenant(), taken);
        var id = await api.EnrollAsync(_tenant);
        Assert.Equal("device_key_in_use", await (await RotateAsync(id, taken)).ProblemAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Rotate_WithProofForAnotherDevice_IsRefused()
    {
        var id = await api.EnrollAsync(_tenant);
        var next = TestDevice.WithEcKey();
        var response = await RotateAsync(id, next, next.Sign(TestDevice.RotateClaims(Guid.CreateVersion7()), "rotate+jwt"));
        Assert.Equal("invalid_proof", await response.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Rotate_WithProofByTheOldKey_IsRefused()
    {
        var old = TestDevice.WithEcKey();
        var id = await api.EnrollAsync(_tenant, old);
        var response = await RotateAsync(id, TestDevice.WithEcKey(), old.Sign(TestDevice.RotateClaims(id), "rotate+jwt"));
        Assert.Equal("invalid_proof", await response.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Rotate_ByAnotherDevice_FindsNothing()
    {
        var id = await api.EnrollAsync(_tenant);
        var other = await api.EnrollAsync(_tenant);
        var next = TestDevice.WithEcKey();
        var response = await api.SendAsync(
            HttpMethod.Post, $"/api/v1/devices/{id}/keys", api.Device(_tenant, other),
            new { publicKey = next.Jwk(), proof = next.Sign(TestDevice.RotateClaims(id), "rotate+jwt") });
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Rotate_ByPendingDevice_IsRefused()
    {
        var id = await api.EnrollAsync(_tenant, wish: new { requiresApproval = true });
        Assert.Equal("device_not_active", await (await RotateAsync(id, TestDevice.WithEcKey())).ProblemAsync(HttpStatusCode.Conflict));
    }

    private Task<HttpResponseMessage> RotateAsync(Guid id, TestDevice next, string? proof = null) => api.SendAsync(
        HttpMethod.Post,
        $"/api/v1/devices/{id}/keys",
        api.Device(_tenant, id),
        new { publicKey = next.Jwk(), proof = proof ?? next.Sign(TestDevice.RotateClaims(id), "rotate+jwt") });
}
