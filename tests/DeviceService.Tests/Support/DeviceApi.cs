using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using ServiceDefaults.Authentication;

namespace DeviceService.Tests.Support;

/// <summary>One running service for the tests that share it, and what people and devices do with it.</summary>
public sealed class DeviceApi : IAsyncLifetime
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public PlatformServers Servers { get; } = new();

    public TestTokens Tokens { get; private set; } = null!;

    internal DeviceHost Host { get; private set; } = null!;

    internal EventProbe Events { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal string Database { get; private set; } = "";

    internal string Messaging { get; private set; } = "";

    /// <summary>A tenant that no other test uses.</summary>
    public static Guid NewTenant() => Guid.CreateVersion7();

    public async ValueTask InitializeAsync()
    {
        await Servers.InitializeAsync();
        Tokens = await TestTokens.StartAsync();
        Database = await Servers.CreateDatabaseAsync("device");
        Messaging = await Servers.CreateMessagingAsync();
        Events = await EventProbe.StartAsync(Messaging);
        Host = DeviceHost.Start(
            Tokens, Database, Messaging, null, ("Connectivity:Profiles:fast:Interval", "00:00:01"),
            ("Connectivity:Profiles:fast:LateAfter", "00:00:02"), ("Connectivity:Profiles:fast:OfflineAfter", "00:00:03"),
            ("Connectivity:SweepEvery", "00:00:00.100"));
        Http = Host.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }

        if (Events is not null)
        {
            await Events.DisposeAsync();
        }

        NpgsqlConnection.ClearAllPools();
        if (Tokens is not null)
        {
            await Tokens.DisposeAsync();
        }

        await Servers.DisposeAsync();
    }

    /// <summary>A token of a person of that tenant.</summary>
    public string Person(Guid tenant, params string[] scopes) => Tokens.User(Guid.CreateVersion7(), tenant, scopes);

    public string Operator(Guid tenant) => Person(tenant, Scopes.DevicesRead, Scopes.DevicesWrite);

    /// <summary>The token that a device gets by its key.</summary>
    public string Device(Guid tenant, Guid device) => Tokens.User(device, tenant, Scopes.DevicesSelf);

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string address, string? token = null, object? body = null, string? ifMatch = null) =>
        Http.SendAsync(Request(method, address, token, body, ifMatch));

    public static HttpRequestMessage Request(
        HttpMethod method, string address, string? token, object? body = null, string? ifMatch = null)
    {
        var request = new HttpRequestMessage(method, address);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        request.Content = body switch
        {
            null => null,
            string text => new StringContent(text, new MediaTypeHeaderValue("application/json")),
            _ => JsonContent.Create(body),
        };
        return request;
    }

    /// <summary>Makes an enrolment token and gives back its id and its text.</summary>
    public async Task<(Guid Id, string Text)> TokenAsync(Guid tenant, object? wish = null)
    {
        var response = await SendAsync(HttpMethod.Post, "/api/v1/devices/enrollment-tokens", Operator(tenant), wish ?? new { });
        var body = await response.BodyAsync(HttpStatusCode.Created);
        return (body.GetProperty("id").GetGuid(), body.GetProperty("token").GetString()!);
    }

    /// <summary>Enrols a device of its own key.</summary>
    internal async Task<Guid> EnrollAsync(Guid tenant, TestDevice? device = null, object? wish = null, string name = "sensor", string? profile = null)
    {
        var (_, text) = await TokenAsync(tenant, wish);
        var enrolment = (device ?? TestDevice.WithEcKey()).Enrolment(text, name);
        if (profile is not null)
        {
            enrolment["profile"] = profile;
        }

        var response = await SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: enrolment);
        return (await response.BodyAsync(HttpStatusCode.Created)).GetProperty("deviceId").GetGuid();
    }

    /// <summary>The device as an operator sees it.</summary>
    public async Task<JsonElement> GetAsync(Guid tenant, Guid device) =>
        await (await SendAsync(HttpMethod.Get, $"/api/v1/devices/{device}", Operator(tenant))).BodyAsync(HttpStatusCode.OK);

    public Task<HttpResponseMessage> BeatAsync(Guid tenant, Guid device, object? body = null) =>
        SendAsync(HttpMethod.Post, $"/api/v1/devices/{device}/heartbeat", Device(tenant, device), body);
}
