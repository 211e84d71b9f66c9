using System.Net.Http.Headers;
using System.Net.Http.Json;
using Npgsql;
using ServiceDefaults.Idempotency;

namespace IdentityService.Tests.Support;

/// <summary>One running service for the tests that share it.</summary>
public sealed class IdentityApi : IAsyncLifetime
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public PlatformServers Servers { get; } = new();

    internal Backing Backing { get; private set; } = null!;

    internal IdentityHost Host { get; private set; } = null!;

    internal EventProbe Events { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Servers.InitializeAsync();
        Backing = await NewBackingAsync();
        Events = await EventProbe.StartAsync(Backing.Messaging);
        Host = IdentityHost.Start(Backing, services: IdentityHost.FastHashes);
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
        await Servers.DisposeAsync();
    }

    /// <summary>Servers of a test's own.</summary>
    internal async Task<Backing> NewBackingAsync() => new(
        await Servers.CreateDatabaseAsync("identity"),
        await Servers.CreateRedisDatabaseAsync(),
        await Servers.CreateMessagingAsync());

    /// <summary>A person nobody knows yet, at the shared service.</summary>
    internal Person NewPerson() => new(Http);

    /// <summary>A person with an account and a session.</summary>
    internal async Task<Person> SignedInAsync()
    {
        var person = NewPerson();
        await person.RegisterAsync();
        await person.LogInAsync();
        return person;
    }

    /// <summary>The same, with a role.</summary>
    internal Task<Person> SignedInAsync(string role) => Host.SignedInAsync(Http, role);

    internal static async Task<HttpResponseMessage> SendAsync(
        HttpClient http, HttpMethod method, string address, string? token = null, object? body = null, string? ifMatch = null, params string[] idempotencyKeys)
    {
        using var request = new HttpRequestMessage(method, address);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        if (idempotencyKeys.Length > 0)
        {
            request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, idempotencyKeys);
        }

        request.Content = body switch
        {
            null => null,
            string text => new StringContent(text, new MediaTypeHeaderValue("application/json")),
            _ => JsonContent.Create(body),
        };
        return await http.SendAsync(request);
    }
}
