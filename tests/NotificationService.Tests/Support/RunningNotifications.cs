using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using MassTransit;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using NotificationService.Data;
using NotificationService.Tests.Support;
using ServiceDefaults.Contracts;

[assembly: AssemblyFixture(typeof(RunningNotifications))]

namespace NotificationService.Tests.Support;

/// <summary>The service on its real servers, sending to the mail catcher; one for all tests, each with its own people.</summary>
public sealed class RunningNotifications : IAsyncLifetime
{
    public const string SealingKey = "forty-seven quiet herons of the sealed mails";

    public PlatformServers Servers { get; } = new();

    public TestTokens Tokens { get; private set; } = null!;

    internal NotificationHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Servers.InitializeAsync();
        Tokens = await TestTokens.StartAsync();
        Host = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Tokens.DisposeAsync();
        await Servers.DisposeAsync();
    }

    /// <summary>A service with a database and a virtual host of its own, and other settings where the test needs them.</summary>
    internal async Task<NotificationHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(Tokens.Settings, StringComparer.Ordinal)
        {
            ["ConnectionStrings:notifydb"] = await Servers.CreateDatabaseAsync("notify"),
            ["ConnectionStrings:messaging"] = await Servers.CreateMessagingAsync(),
            ["ConnectionStrings:mail"] = Servers.Mail,
            ["Sealing:Key"] = SealingKey,
            ["Delivery:Poll"] = "00:00:00.100",
            ["Delivery:FirstDelay"] = "00:00:00.200",
            ["Delivery:LongestDelay"] = "00:00:01",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var host = new NotificationHost(Tokens, all);
        await host.StartAsync();
        return host;
    }
}

/// <summary>One running service.</summary>
internal sealed class NotificationHost : IAsyncDisposable
{
    private readonly TestTokens _tokens;
    private readonly WebApplicationFactory<NotificationDbContext> _factory;

    public NotificationHost(TestTokens tokens, IReadOnlyDictionary<string, string?> settings)
    {
        _tokens = tokens;
        Settings = settings;
        _factory = new WebApplicationFactory<NotificationDbContext>().WithWebHostBuilder(web =>
        {
            foreach (var (key, value) in settings)
            {
                web.UseSetting(key, value);
            }
        });
    }

    public IReadOnlyDictionary<string, string?> Settings { get; }

    public IServiceProvider Services => _factory.Services;

    /// <summary>Until the bus has its queues: what is published before them reaches nobody.</summary>
    public async Task StartAsync() =>
        await Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(30));

    public HttpClient Visit(string? token = null)
    {
        var client = _factory.CreateClient();
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public HttpClient VisitAs(Person person) => Visit(_tokens.User(person.Id, person.Tenant, "identity:self"));

    public HttpClient VisitAsAdministrator(Guid tenant) => Visit(_tokens.User(Person.NewId(), tenant, "notifications:admin"));

    public Task PublishAsync<TEvent>(TEvent message)
        where TEvent : class, IIntegrationEvent => Services.GetRequiredService<IBus>().Publish(message);

    public async Task<JsonElement[]> InboxAsync(Person person, string query = "")
    {
        using var client = VisitAs(person);
        var page = await client.GetFromJsonAsync<JsonElement>($"/api/v1/notifications{query}");
        return [.. page.GetProperty("items").EnumerateArray()];
    }

    public async Task<JsonElement[]> WaitForInboxAsync(Person person, int count)
    {
        JsonElement[] items = [];
        await Eventually.Async(
            async () => (items = await InboxAsync(person)).Length >= count, TimeSpan.FromSeconds(20), $"{count} entries in the inbox");
        return items;
    }

    /// <summary>The mails of the queue to one person, as an administrator sees them.</summary>
    public async Task<JsonElement[]> QueuedAsync(Person person)
    {
        using var administrator = VisitAsAdministrator(person.Tenant);
        var page = await administrator.GetFromJsonAsync<JsonElement>(
            $"/api/v1/notifications/queue?recipient={Uri.EscapeDataString(person.Email)}");
        return [.. page.GetProperty("items").EnumerateArray()];
    }

    /// <summary>Waits until the one mail to the person has that status, and shows it with its attempts.</summary>
    public async Task<JsonElement> WaitForStatusAsync(Person person, string status)
    {
        JsonElement[] queued = [];
        await Eventually.Async(
            async () => (queued = await QueuedAsync(person)).Length == 1 && queued[0].GetProperty("status").GetString() == status,
            TimeSpan.FromSeconds(20),
            $"the mail to {person.Email} did not become {status}");
        using var administrator = VisitAsAdministrator(person.Tenant);
        return await administrator.GetFromJsonAsync<JsonElement>(
            $"/api/v1/notifications/queue/{queued[0].GetProperty("id").GetString()}");
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();
}
