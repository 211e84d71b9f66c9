using System.Net;
using Aspire.Hosting.Testing;
using EndToEnd.Tests.Support;
using Platform.Testing;

namespace EndToEnd.Tests;

public sealed class EnrollingDevicesTests(RunningPlatform platform)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Enroll_WithItsOwnKey_BeatsAndIsSeenOnline()
    {
        using var administrator = await platform.AdministratorAsync();
        using var device = await EnrolledAsync(administrator, "sensor-1");

        Assert.Equal(HttpStatusCode.OK, await device.BeatAsync());

        await Eventually.Async(
            async () => (await administrator.GetAsync($"/api/v1/devices/{device.Id}")).GetProperty("connectivity").GetProperty("state").GetString() == "online",
            Deadline,
            "the device is not shown online");
        var listed = (await administrator.GetAsync("/api/v1/devices?limit=1000")).GetProperty("items").EnumerateArray();
        Assert.Contains(listed, item => item.GetProperty("id").GetString() == device.Id);
    }

    [Fact]
    public async Task Beat_ForAnotherDevice_IsNotFound()
    {
        using var administrator = await platform.AdministratorAsync();
        using var first = await EnrolledAsync(administrator, "sensor-2");
        using var second = await EnrolledAsync(administrator, "sensor-3");

        Assert.Equal(HttpStatusCode.NotFound, await first.BeatAsync(second.Id));
    }

    [Fact]
    public async Task Decommission_Device_ItsTokenIsRefusedAtTheGateway()
    {
        using var administrator = await platform.AdministratorAsync();
        using var device = await EnrolledAsync(administrator, "sensor-4");
        Assert.Equal(HttpStatusCode.OK, await device.BeatAsync());

        using var gone = await administrator.Http.DeleteAsync($"/api/v1/devices/{device.Id}");
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);

        await Eventually.Async(async () => await device.BeatAsync() == HttpStatusCode.Unauthorized, Deadline, "the device's token is still taken");
        Assert.Equal(HttpStatusCode.Unauthorized, await device.AuthenticateAsync());
    }

    private async Task<DeviceClient> EnrolledAsync(PlatformClient administrator, string name)
    {
        var token = await administrator.PostAsync("/api/v1/devices/enrollment-tokens", new { name }, HttpStatusCode.Created);
        var gateway = platform.App.GetEndpoint("gateway");
        var device = new DeviceClient(platform.App.CreateHttpClient("gateway"), gateway.GetLeftPart(UriPartial.Authority));
        var enrolled = await device.EnrollAsync(token.GetProperty("token").GetString()!, name);
        Assert.Equal("active", enrolled.GetProperty("status").GetString());

        // The identity service hears of the device over the bus.
        await Eventually.Async(async () => await device.AuthenticateAsync() == HttpStatusCode.OK, Deadline, "the device got no token");
        return device;
    }
}
