namespace IdentityService.Tests.Support;

/// <summary>A service for the tests of one class, on servers' parts and a clock of its own.</summary>
public sealed class OwnHost(IdentityApi api) : IAsyncLifetime
{
    internal ShiftedTime Time { get; } = new();

    internal Backing Backing { get; private set; } = null!;

    internal IdentityHost Host { get; private set; } = null!;

    internal EventProbe Events { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Backing = await api.NewBackingAsync();
        Events = await EventProbe.StartAsync(Backing.Messaging);
        Host = IdentityHost.Start(Backing, Time, IdentityHost.FastHashes);
        Http = Host.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        await Events.DisposeAsync();
    }

    /// <summary>Servers' parts for another host.</summary>
    internal Task<Backing> NewBackingAsync() => api.NewBackingAsync();

    internal async Task<Person> SignedInAsync()
    {
        var person = new Person(Http);
        await person.RegisterAsync();
        await person.LogInAsync();
        return person;
    }
}
