using System.Net;
using DeviceService.Tests.Support;
using Npgsql;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests;

public sealed class HeartbeatTests(DeviceApi api)
{
    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Beat_WithWhatItSays_IsCommittedBeforeTheAnswer()
    {
        var id = await api.EnrollAsync(_tenant);

        var response = await api.BeatAsync(_tenant, id, new { status = "ok", version = "1.4.2", uptimeSeconds = 77, sequence = 3 });

        Assert.Equal(30, (await response.BodyAsync(HttpStatusCode.OK)).GetProperty("nextHeartbeatInSeconds").GetInt32());
        var connectivity = (await api.GetAsync(_tenant, id)).GetProperty("connectivity");
        Assert.Equal("online", connectivity.Text("state"));
        Assert.Equal("ok", connectivity.Text("status"));
        Assert.Equal("1.4.2", connectivity.Text("version"));
        Assert.Equal(77, connectivity.GetProperty("uptimeSeconds").GetInt64());
        Assert.Equal(3, connectivity.GetProperty("sequence").GetInt64());
    }

    [Fact]
    public async Task Beat_WithoutBody_KeepsWhatWasSaid()
    {
        var id = await api.EnrollAsync(_tenant);
        await api.BeatAsync(_tenant, id, new { status = "ok" });
        Assert.Equal(HttpStatusCode.OK, (await api.BeatAsync(_tenant, id)).StatusCode);
        Assert.Equal("ok", (await api.GetAsync(_tenant, id)).GetProperty("connectivity").Text("status"));
    }

    [Fact]
    public async Task Beat_ManyDevicesAtOnce_AnswersEachAndTellsEachOnlineOnce()
    {
        var (_, token) = await api.TokenAsync(_tenant, new { maxUses = 30 });
        var enrolled = await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
            (await (await api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: TestDevice.WithEcKey().Enrolment(token)))
                .BodyAsync(HttpStatusCode.Created)).GetProperty("deviceId").GetGuid()));

        var beats = await Task.WhenAll(Enumerable.Range(0, 300).Select(number => api.BeatAsync(_tenant, enrolled[number % 30])));

        Assert.All(beats, beat => Assert.Equal(HttpStatusCode.OK, beat.StatusCode));
        await Eventually.Async(() => enrolled.All(id => Online(id) == 1), DeviceApi.Deadline);
        await using var source = NpgsqlDataSource.Create(api.Database);
        await Eventually.Async(
            async () =>
            {
                await using var command = source.CreateCommand("SELECT count(*) FROM outbox WHERE payload LIKE @tenant");
                command.Parameters.AddWithValue("tenant", $"%{_tenant}%");
                return await command.ExecuteScalarAsync() is 0L;
            },
            DeviceApi.Deadline);
        Assert.All(enrolled, id => Assert.Equal(1, Online(id)));
    }

    [Fact]
    public async Task Silence_WithTheServicesOwnSweep_MakesItOffline()
    {
        var id = await api.EnrollAsync(_tenant, profile: "fast");
        await (await api.BeatAsync(_tenant, id)).BodyAsync(HttpStatusCode.OK);

        await Eventually.Async(
            () => api.Events.Of<DeviceConnectivityChanged>(change => change.DeviceId == id && change.Current == DeviceConnectivity.Offline).Count == 1,
            DeviceApi.Deadline);

        Assert.Equal("offline", (await api.GetAsync(_tenant, id)).GetProperty("connectivity").Text("state"));
        Assert.Equal(
            [DeviceConnectivity.Online, DeviceConnectivity.Late, DeviceConnectivity.Offline],
            api.Events.Of<DeviceConnectivityChanged>(change => change.DeviceId == id).Select(change => change.Current));
    }

    [Theory]
    [InlineData("{\"status\":\"not a label\"}", "status")]
    [InlineData("{\"version\":\"\\u0000\"}", "version")]
    [InlineData("{\"uptimeSeconds\":-1,\"sequence\":-1}", "sequence uptimeSeconds")]
    public async Task Beat_OutOfBounds_NamesTheFaults(string body, string faults)
    {
        var id = await api.EnrollAsync(_tenant);
        Assert.Equal(faults.Split(' '), (await (await api.BeatAsync(_tenant, id, body)).FaultsAsync()).Order());
    }

    [Theory]
    [InlineData("{\"state\":\"online\"}")]
    [InlineData("{\"sequence\":\"1\"}")]
    [InlineData("{\"sequence\":99999999999999999999}")]
    [InlineData("[")]
    public async Task Beat_Malformed_IsRefused(string body)
    {
        var id = await api.EnrollAsync(_tenant);
        Assert.Equal("malformed_request", await (await api.BeatAsync(_tenant, id, body)).ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal("unknown", (await api.GetAsync(_tenant, id)).GetProperty("connectivity").Text("state"));
    }

    private int Online(Guid id) => api.Events.Of<DeviceConnectivityChanged>(
        change => change.DeviceId == id && change.Current == DeviceConnectivity.Online).Count;
}
