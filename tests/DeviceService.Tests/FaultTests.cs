using System.Net;
using DeviceService.Connectivity;
using DeviceService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace DeviceService.Tests;

/// <summary>Servers that go away and come back, floods, and stops in the middle; each test on a service of its own.</summary>
public sealed class FaultTests(DeviceApi api)
{
    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Database_GoesAndComesBack_HeartbeatsAreRefusedMeanwhileAndThenTaken()
    {
        var database = new NpgsqlConnectionStringBuilder(await api.Servers.CreateDatabaseAsync("fault"));
        await using var link = new CuttableLink(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", link.Port);
        var messaging = await api.Servers.CreateMessagingAsync();
        await using var host = DeviceHost.Start(api.Tokens, database.ConnectionString, messaging);
        using var http = host.CreateClient();
        var device = await EnrollAsync(http);
        Assert.Equal(HttpStatusCode.OK, (await BeatAsync(http, device)).StatusCode);

        link.Cut();
        Assert.Equal("dependency_unavailable", await (await BeatAsync(http, device)).ProblemAsync(HttpStatusCode.ServiceUnavailable));

        link.Mend();
        await Eventually.Async(async () => (await BeatAsync(http, device)).StatusCode == HttpStatusCode.OK, DeviceApi.Deadline);
    }

    [Fact]
    public async Task Broker_IsAwayWhileADeviceEnrols_TheEventArrivesOnceAfterwards()
    {
        var broker = new Uri(await api.Servers.CreateMessagingAsync());
        await using var link = new CuttableLink(broker.Host, broker.Port);
        var database = await api.Servers.CreateDatabaseAsync("fault");
        await using var events = await EventProbe.StartAsync(broker.ToString());
        await using var host = DeviceHost.Start(
            api.Tokens, database, new UriBuilder(broker) { Host = "127.0.0.1", Port = link.Port }.ToString());
        using var http = host.CreateClient();
        var before = await EnrollAsync(http);
        await Eventually.Async(() => events.Of<DeviceEnrolled>(one => one.DeviceId == before).Count == 1, DeviceApi.Deadline);

        link.Cut();
        var meanwhile = await EnrollAsync(http);
        Assert.Equal(HttpStatusCode.OK, (await BeatAsync(http, meanwhile)).StatusCode);
        link.Mend();

        await Eventually.Async(() => events.Of<DeviceEnrolled>(one => one.DeviceId == meanwhile).Count > 0, TimeSpan.FromSeconds(30));
        await Eventually.Async(() => events.Audit("device.online", meanwhile).Count > 0, DeviceApi.Deadline);
        Assert.Single(events.Of<DeviceEnrolled>(one => one.DeviceId == meanwhile).Select(one => one.Envelope.Id).Distinct());
    }

    [Fact]
    public async Task Connectivity_WithNobodyToHearOfIt_HoldsUpNothingElse()
    {
        var messaging = await api.Servers.CreateMessagingAsync();
        await using var events = await EventProbe.StartAsync(messaging, withConnectivity: false);
        await using var host = DeviceHost.Start(api.Tokens, await api.Servers.CreateDatabaseAsync("fault"), messaging);
        using var http = host.CreateClient();
        var device = await EnrollAsync(http);

        await BeatAsync(http, device);

        await Eventually.Async(() => events.Audit("device.online", device).Count == 1, DeviceApi.Deadline);
    }

    [Fact]
    public async Task Heartbeats_BeyondTheQueue_AreAskedToComeAgainAndTheOthersTaken()
    {
        var database = await api.Servers.CreateDatabaseAsync("fault");
        await using var host = DeviceHost.Start(
            api.Tokens, database, api.Messaging, null, ("Connectivity:QueueCapacity", "2"), ("Connectivity:BatchSize", "1"));
        using var http = host.CreateClient();
        var device = await EnrollAsync(http);

        Task<HttpResponseMessage>[] beats;
        await using (var connection = new NpgsqlConnection(database))
        {
            await using var blocked = await BlockAsync(connection);
            beats = [.. Enumerable.Range(0, 20).Select(_ => BeatAsync(http, device))];
            await Eventually.Async(() => beats.Count(beat => beat.IsCompleted) >= 17, DeviceApi.Deadline);
            await blocked.RollbackAsync();
        }

        var answers = await Task.WhenAll(beats);
        Assert.InRange(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), 2, 3);
        var refused = answers.First(answer => answer.StatusCode != HttpStatusCode.OK);
        Assert.Equal("heartbeats_overloaded", await refused.ProblemAsync(HttpStatusCode.ServiceUnavailable));
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task Stop_WithHeartbeatsUnderWay_AnswersThemFirst()
    {
        var database = await api.Servers.CreateDatabaseAsync("fault");
        await using var host = DeviceHost.Start(api.Tokens, database, api.Messaging, null, ("Connectivity:BatchSize", "2"));
        using var http = host.CreateClient();
        var device = await EnrollAsync(http);

        Task<HttpResponseMessage>[] beats;
        Task stopped;
        await using (var connection = new NpgsqlConnection(database))
        {
            await using var blocked = await BlockAsync(connection);
            beats = [.. Enumerable.Range(0, 10).Select(_ => BeatAsync(http, device))];
            var queue = host.Services.GetRequiredService<HeartbeatQueue>();
            await Eventually.Async(async () => queue.Count >= 8 && await WaitsForTheLockAsync(database), DeviceApi.Deadline);
            stopped = host.Services.GetRequiredService<IHost>().StopAsync();
            await blocked.RollbackAsync();
        }

        Assert.All(await Task.WhenAll(beats), beat => Assert.Equal(HttpStatusCode.OK, beat.StatusCode));
        await stopped;
    }

    [Fact]
    public async Task Start_WithContradictoryProfiles_NamesEveryFault()
    {
        var database = await api.Servers.CreateDatabaseAsync("fault");
        var fault = Assert.Throws<OptionsValidationException>(() => DeviceHost.Start(
            api.Tokens, database, api.Messaging, null,
            ("Connectivity:Profiles:a:LateAfter", "00:00:10"),
            ("Connectivity:Profiles:b:OfflineAfter", "00:00:40"),
            ("Connectivity:QueueCapacity", "0")));

        Assert.Contains(fault.Failures, one => one.StartsWith("Connectivity:Profiles:a:LateAfter", StringComparison.Ordinal));
        Assert.Contains(fault.Failures, one => one.StartsWith("Connectivity:Profiles:b:OfflineAfter", StringComparison.Ordinal));
        Assert.Contains(fault.Failures, one => one.StartsWith("Connectivity:QueueCapacity", StringComparison.Ordinal));
    }

    /// <summary>No row of the table can be written until the transaction ends.</summary>
    private static async Task<NpgsqlTransaction> BlockAsync(NpgsqlConnection connection)
    {
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("LOCK TABLE device_signals IN EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return transaction;
    }

    private static async Task<bool> WaitsForTheLockAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE device_signals%'");
        return await command.ExecuteScalarAsync() is 1L;
    }

    private async Task<Guid> EnrollAsync(HttpClient http)
    {
        using var made = await http.SendAsync(DeviceApi.Request(
            HttpMethod.Post, "/api/v1/devices/enrollment-tokens", api.Operator(_tenant), new { }));
        var token = (await made.BodyAsync(HttpStatusCode.Created)).Text("token");
        using var enrolled = await http.SendAsync(DeviceApi.Request(
            HttpMethod.Post, "/api/v1/devices/enroll", null, TestDevice.WithEcKey().Enrolment(token)));
        return (await enrolled.BodyAsync(HttpStatusCode.Created)).GetProperty("deviceId").GetGuid();
    }

    private Task<HttpResponseMessage> BeatAsync(HttpClient http, Guid device) => http.SendAsync(DeviceApi.Request(
        HttpMethod.Post, $"/api/v1/devices/{device}/heartbeat", api.Tokens.User(device, _tenant, Scopes.DevicesSelf)));
}
