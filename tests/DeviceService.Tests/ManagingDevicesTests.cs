using System.Net;
using DeviceService.Tests.Support;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests;

public sealed class ManagingDevicesTests(DeviceApi api)
{
    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Update_WithCurrentETag_ChangesAndGivesTheNextETag()
    {
        var id = await api.EnrollAsync(_tenant);
        var read = await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/{id}", api.Operator(_tenant));
        var etag = read.Headers.ETag!.ToString();

        var response = await PutAsync(id, new { name = "new", group = "g2", attributes = new { a = "1" } }, etag);

        var body = await response.BodyAsync(HttpStatusCode.OK);
        Assert.Equal("new", body.Text("name"));
        Assert.Equal("g2", body.Text("group"));
        Assert.NotEqual(etag, response.Headers.ETag!.ToString());
        var again = await api.SendAsync(HttpMethod.Get, $"/api/v1/devices/{id}", api.Operator(_tenant));
        Assert.Equal(response.Headers.ETag, again.Headers.ETag);
        Assert.Equal("1", (await again.BodyAsync(HttpStatusCode.OK)).GetProperty("attributes").Text("a"));
        await Eventually.Async(() => api.Events.Audit("device.updated", id).Count == 1, DeviceApi.Deadline);
        var record = api.Events.Audit("device.updated", id)[0];
        Assert.Equal("sensor", record.Before!.Value.Text("name"));
        Assert.Equal("new", record.After!.Value.Text("name"));
    }

    [Theory]
    [InlineData("\"99\"")]
    [InlineData("W/\"1\"")]
    [InlineData("1")]
    [InlineData("nonsense")]
    public async Task Update_WithAnotherETag_IsRefused(string etag)
    {
        var id = await api.EnrollAsync(_tenant);
        var response = await PutAsync(id, new { name = "new" }, etag);
        Assert.Equal("precondition_failed", await response.ProblemAsync(HttpStatusCode.PreconditionFailed));
        Assert.Equal("sensor", (await api.GetAsync(_tenant, id)).Text("name"));
    }

    [Fact]
    public async Task Update_WithoutETag_IsRefused()
    {
        var id = await api.EnrollAsync(_tenant);
        var response = await PutAsync(id, new { name = "new" }, null);
        Assert.Equal("precondition_required", await response.ProblemAsync(HttpStatusCode.PreconditionRequired));
    }

    [Fact]
    public async Task Update_TwentyAtOnceWithOneETag_LetsOneThrough()
    {
        var id = await api.EnrollAsync(_tenant);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => PutAsync(id, new { name = $"n{number}" }, "\"1\"")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
        Assert.Equal(2, (await api.GetAsync(_tenant, id)).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Update_WithFaults_NamesThemAll()
    {
        var id = await api.EnrollAsync(_tenant);
        var many = Enumerable.Range(0, 33).ToDictionary(number => $"a{number}", _ => "v");
        var response = await PutAsync(id, new { name = (string?)null, group = new string('g', 65), attributes = many }, "*");
        Assert.Equal(["attributes", "group", "name"], (await response.FaultsAsync()).Order());
    }

    [Fact]
    public async Task List_ByFilters_ShowsWhatFits()
    {
        var pump = await api.EnrollAsync(_tenant, wish: new { group = "water" }, name: "pump_1");
        var valve = await api.EnrollAsync(_tenant, wish: new { group = "water" }, name: "pumpX1");
        var lamp = await api.EnrollAsync(_tenant, name: "lamp");
        await (await api.BeatAsync(_tenant, lamp)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal([lamp, valve, pump], await ListAsync(""));
        Assert.Equal([valve, pump], await ListAsync("?group=water"));
        Assert.Equal([pump], await ListAsync("?name=pump_")); // a literal underscore, no wildcard
        Assert.Equal([lamp], await ListAsync("?state=online"));
        Assert.Equal([valve, pump], await ListAsync("?state=unknown"));
        Assert.Empty(await ListAsync("?state=online&group=water"));
        Assert.Empty(await ListAsync("?status=decommissioned"));
    }

    [Fact]
    public async Task List_ByPages_ShowsEachOnce()
    {
        List<Guid> made = [];
        for (var number = 0; number < 5; number++)
        {
            made.Insert(0, await api.EnrollAsync(_tenant));
        }

        var first = await (await api.SendAsync(HttpMethod.Get, "/api/v1/devices?limit=3", api.Operator(_tenant))).BodyAsync(HttpStatusCode.OK);
        var rest = await (await api.SendAsync(
            HttpMethod.Get, $"/api/v1/devices?limit=3&cursor={first.Text("nextCursor")}", api.Operator(_tenant))).BodyAsync(HttpStatusCode.OK);

        Assert.Equal(made, [.. Ids(first), .. Ids(rest)]);
        Assert.Null(rest.GetProperty("nextCursor").GetString());
    }

    [Theory]
    [InlineData("state=asleep")]
    [InlineData("state=1")]
    [InlineData("status=deleted")]
    [InlineData("group=a%20b")]
    [InlineData("limit=0")]
    [InlineData("cursor=x")]
    public async Task List_WithBadFilter_IsRefused(string query)
    {
        var response = await api.SendAsync(HttpMethod.Get, $"/api/v1/devices?{query}", api.Operator(_tenant));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Decommission_ActiveDevice_EndsItsHeartbeatsAndTellsOnce()
    {
        var device = TestDevice.WithEcKey();
        var id = await api.EnrollAsync(_tenant, device);
        await (await api.BeatAsync(_tenant, id)).BodyAsync(HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(id)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(id)).StatusCode);

        var seen = await api.GetAsync(_tenant, id);
        Assert.Equal("decommissioned", seen.Text("status"));
        Assert.Equal("unknown", seen.GetProperty("connectivity").Text("state"));
        Assert.Equal([id], await ListAsync("?status=decommissioned"));
        Assert.Empty(await ListAsync(""));
        Assert.Equal(HttpStatusCode.NotFound, (await api.BeatAsync(_tenant, id)).StatusCode);
        Assert.Equal("device_decommissioned", await (await PutAsync(id, new { name = "x" }, "*")).ProblemAsync(HttpStatusCode.Conflict));
        await Eventually.Async(() => api.Events.Audit("device.decommissioned", id).Count == 1, DeviceApi.Deadline);
        Assert.Single(api.Events.Of<DeviceDecommissioned>(one => one.DeviceId == id));

        // Its key never comes back.
        var (_, token) = await api.TokenAsync(_tenant);
        var again = await api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: device.Enrolment(token));
        Assert.Equal("device_key_in_use", await again.ProblemAsync(HttpStatusCode.Conflict));
    }

    private Task<HttpResponseMessage> PutAsync(Guid id, object body, string? etag) =>
        api.SendAsync(HttpMethod.Put, $"/api/v1/devices/{id}", api.Operator(_tenant), body, etag);

    private Task<HttpResponseMessage> DeleteAsync(Guid id) => api.SendAsync(HttpMethod.Delete, $"/api/v1/devices/{id}", api.Operator(_tenant));

    private async Task<Guid[]> ListAsync(string query) =>
        Ids(await (await api.SendAsync(HttpMethod.Get, $"/api/v1/devices{query}", api.Operator(_tenant))).BodyAsync(HttpStatusCode.OK));

    private static Guid[] Ids(System.Text.Json.JsonElement page) =>
        [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid())];
}
