using System.Net;
using DeviceService.Connectivity;
using DeviceService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests;

/// <summary>
/// With a clock that the test moves and a sweep that it calls; the service's own sweep is put off to once a minute, which
/// also makes a step of the clock no break of the service.
/// </summary>
public sealed class ConnectivityTests(DeviceApi api) : IAsyncLifetime
{
    private static readonly Guid Operator = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    private readonly ShiftedTime _time = new();
    private readonly Guid _tenant = DeviceApi.NewTenant();
    private string _database = "";
    private string _messaging = "";
    private EventProbe _events = null!;
    private DeviceHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await api.Servers.CreateDatabaseAsync("connectivity");
        _messaging = await api.Servers.CreateMessagingAsync();
        _events = await EventProbe.StartAsync(_messaging);
        _host = Start();
        await SweepAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _events.DisposeAsync();
    }

    [Fact]
    public async Task Silence_OfADevice_MakesItLateThenOfflineAndAHeartbeatOnline()
    {
        var device = await EnrollAsync();
        Assert.Equal(("unknown", null), await StateAsync(device));
        await BeatAsync(device);
        var seenAt = _time.GetUtcNow();
        var (state, lastSeen) = await StateAsync(device);
        Assert.Equal("online", state);
        Assert.InRange(seenAt - lastSeen!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(5));

        await PassAsync(55);
        Assert.Equal("online", (await StateAsync(device)).State);
        await PassAsync(10);
        Assert.Equal("late", (await StateAsync(device)).State);
        await PassAsync(20);
        Assert.Equal("late", (await StateAsync(device)).State);
        await PassAsync(10);
        Assert.Equal(("offline", lastSeen), await StateAsync(device));
        await PassAsync(60);
        await BeatAsync(device);
        Assert.Equal("online", (await StateAsync(device)).State);

        await Eventually.Async(() => Changes(device).Count == 4, DeviceApi.Deadline);
        Assert.Equal(
            [
                (DeviceConnectivity.Unknown, DeviceConnectivity.Online),
                (DeviceConnectivity.Online, DeviceConnectivity.Late),
                (DeviceConnectivity.Late, DeviceConnectivity.Offline),
                (DeviceConnectivity.Offline, DeviceConnectivity.Online),
            ],
            Changes(device).Select(change => (change.Previous, change.Current)));
        Assert.All(Changes(device), change => Assert.Equal((_tenant, "sensor"), (change.Envelope.TenantId, change.Name)));
        await Eventually.Async(() => _events.Audit("device.online", device).Count == 2, DeviceApi.Deadline);
        Assert.Equal(ActorKind.System, Assert.Single(_events.Audit("device.late", device)).Envelope.Actor.Kind);
        Assert.Equal(AuditSeverity.Warning, Assert.Single(_events.Audit("device.offline", device)).Severity);
    }

    [Fact]
    public async Task Sweep_ByManyAtOnce_TellsEachChangeOnce()
    {
        var devices = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => EnrollAsync()));
        await Task.WhenAll(devices.Select(device => BeatAsync(device)));
        _time.Advance(TimeSpan.FromSeconds(100));

        await using var second = Start();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => SweepAsync(number % 2 == 0 ? _host : second)));

        await Eventually.Async(
            () => devices.All(device => _events.Audit("device.offline", device).Count > 0), DeviceApi.Deadline);
        await EverythingSentAsync();
        Assert.All(devices, device => Assert.Equal(DeviceConnectivity.Offline, Assert.Single(Changes(device), change => change.Previous == DeviceConnectivity.Online).Current));
    }

    [Fact]
    public async Task Restart_AfterALongOutage_CallsNobodyOfflineBeforeTheyCouldBeat()
    {
        var silent = await EnrollAsync();
        var alive = await EnrollAsync();
        await BeatAsync(silent);
        await BeatAsync(alive);
        await PassAsync(10);

        await _host.DisposeAsync();
        _time.Advance(TimeSpan.FromHours(1));
        _host = Start();
        await SweepAsync();

        // Seen an hour ago, and yet nobody's fault.
        Assert.Equal("online", (await StateAsync(silent)).State);
        await PassAsync(30);
        await BeatAsync(alive);
        await PassAsync(25);
        Assert.Equal("online", (await StateAsync(silent)).State);
        await PassAsync(10);
        Assert.Equal("late", (await StateAsync(silent)).State);
        await PassAsync(30);
        Assert.Equal("offline", (await StateAsync(silent)).State);
        await BeatAsync(alive);
        Assert.Equal("online", (await StateAsync(alive)).State);
        Assert.Empty(_events.Audit("device.offline", alive));
    }

    [Fact]
    public async Task Restart_WhileAnotherReplicaListens_ExcusesNobody()
    {
        var device = await EnrollAsync();
        await BeatAsync(device);
        await PassAsync(80);

        await using var second = Start();
        await SweepAsync(second);
        await SweepAsync();
        await PassAsync(15);
        await SweepAsync(second);

        Assert.Equal("offline", (await StateAsync(device)).State);
    }

    [Fact]
    public async Task StandingStill_OfTheWholeService_ExcusesTheDevices()
    {
        var device = await EnrollAsync();
        await BeatAsync(device);

        // Five sweeps of a minute did not happen: the process was suspended, or its database away.
        _time.Advance(TimeSpan.FromMinutes(6));
        await SweepAsync();

        Assert.Equal("online", (await StateAsync(device)).State);
        await PassAsync(95);
        Assert.Equal("offline", (await StateAsync(device)).State);
    }

    [Fact]
    public async Task Profile_OfADevice_DecidesItsIntervals()
    {
        var device = await EnrollAsync("slow");
        var body = await BeatAsync(device);
        Assert.Equal(600, body.GetProperty("nextHeartbeatInSeconds").GetInt32());

        await PassAsync(120);
        Assert.Equal("online", (await StateAsync(device)).State);
    }

    [Fact]
    public async Task Profile_NoLongerConfigured_FallsBackToTheDefault()
    {
        var device = await EnrollAsync("slow");
        await BeatAsync(device);
        await _host.DisposeAsync();
        _host = DeviceHost.Start(api.Tokens, _database, _messaging, _time, ("Connectivity:SweepEvery", "00:01:00"));
        await SweepAsync();

        await PassAsync(70);

        Assert.Equal("late", (await StateAsync(device)).State);
        Assert.Equal(30, (await BeatAsync(device)).GetProperty("nextHeartbeatInSeconds").GetInt32());
    }

    private DeviceHost Start() => DeviceHost.Start(
        api.Tokens,
        _database,
        _messaging,
        _time,
        ("Connectivity:SweepEvery", "00:01:00"),
        ("Connectivity:Profiles:slow:Interval", "00:10:00"),
        ("Connectivity:Profiles:slow:LateAfter", "00:20:00"),
        ("Connectivity:Profiles:slow:OfflineAfter", "00:30:00"));

    private async Task PassAsync(int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        await SweepAsync();
    }

    // A host's own first sweep, right after its start, may be at it; it read the clock before.
    private Task SweepAsync(DeviceHost? host = null) => Eventually.TrueAsync(
        () => (host ?? _host).Services.GetRequiredService<ConnectivityWatch>().RunAsync(TestContext.Current.CancellationToken));

    private async Task<Guid> EnrollAsync(string profile = "default")
    {
        using var http = _host.CreateClient();
        using var made = await http.SendAsync(DeviceApi.Request(
            HttpMethod.Post, "/api/v1/devices/enrollment-tokens", Token(Operator, "devices:write"), new { }));
        var token = (await made.BodyAsync(HttpStatusCode.Created)).Text("token");
        var enrolment = TestDevice.WithEcKey().Enrolment(token, now: _time.GetUtcNow());
        enrolment["profile"] = profile;
        using var enrolled = await http.SendAsync(DeviceApi.Request(HttpMethod.Post, "/api/v1/devices/enroll", null, enrolment));
        return (await enrolled.BodyAsync(HttpStatusCode.Created)).GetProperty("deviceId").GetGuid();
    }

    private async Task<System.Text.Json.JsonElement> BeatAsync(Guid device)
    {
        using var http = _host.CreateClient();
        using var response = await http.SendAsync(DeviceApi.Request(
            HttpMethod.Post, $"/api/v1/devices/{device}/heartbeat", Token(device, "devices:self")));
        return await response.BodyAsync(HttpStatusCode.OK);
    }

    private async Task<(string State, DateTimeOffset? LastSeen)> StateAsync(Guid device)
    {
        using var http = _host.CreateClient();
        using var response = await http.SendAsync(DeviceApi.Request(
            HttpMethod.Get, $"/api/v1/devices/{device}", Token(Operator, "devices:read")));
        var connectivity = (await response.BodyAsync(HttpStatusCode.OK)).GetProperty("connectivity");
        var seen = connectivity.GetProperty("lastSeenAt");
        return (connectivity.Text("state"), seen.ValueKind == System.Text.Json.JsonValueKind.Null ? null : seen.GetDateTimeOffset());
    }

    private Task EverythingSentAsync() => Eventually.Async(
        async () =>
        {
            await using var source = Npgsql.NpgsqlDataSource.Create(_database);
            await using var command = source.CreateCommand("SELECT count(*) FROM outbox");
            return await command.ExecuteScalarAsync() is 0L;
        },
        DeviceApi.Deadline);

    /// <summary>Valid by the clock of the test.</summary>
    private string Token(Guid subject, string scope) => api.Tokens.User(subject, _tenant, [scope], claims =>
    {
        claims["iat"] = _time.GetUtcNow().ToUnixTimeSeconds();
        claims["exp"] = _time.GetUtcNow().AddMinutes(10).ToUnixTimeSeconds();
    });

    private IReadOnlyList<DeviceConnectivityChanged> Changes(Guid device) =>
        _events.Of<DeviceConnectivityChanged>(change => change.DeviceId == device);
}
