using IdentityService.Accounts;
using IdentityService.Data;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ServiceDefaults.Data;

namespace IdentityService.Tests.Support;

/// <summary>The service as it is, on Kestrel at a free port, with the servers given to it.</summary>
internal sealed class IdentityHost : ServiceHost<IdentityDb>
{
    public const string AdministratorPassword = "fjord-lantern-52-quartz";

    public const string SealingKey = "forty-seven quiet herons of the sealed mails";

    public const string GatewaySecret = "forty-seven quiet herons of the gateway";

    private readonly Dictionary<string, string?> _settings;
    private readonly Action<IServiceCollection>? _services;

    private IdentityHost(Dictionary<string, string?> settings, TimeProvider time, Action<IServiceCollection>? services, int port)
        : base(port)
    {
        _settings = settings;
        _services = services;
        Time = time;
    }

    public TimeProvider Time { get; }

    /// <summary>Starts it; throws what its start throws.</summary>
    public static IdentityHost Start(
        Backing backing,
        TimeProvider? time = null,
        Action<IServiceCollection>? services = null,
        int port = 0,
        params (string Key, string? Value)[] settings)
    {
        Dictionary<string, string?> all = new(StringComparer.Ordinal)
        {
            ["ConnectionStrings:identitydb"] = backing.Database,
            ["ConnectionStrings:redis"] = backing.Redis,
            ["ConnectionStrings:messaging"] = backing.Messaging,
            ["Authentication:Issuer"] = "https://platform.test",
            ["Administrator:Password"] = AdministratorPassword,
            ["Keys:EncryptionKey"] = "p3Zq8LrWv6TnXc2JbY9mKd4HsFg7QeUa1RtVwSxC5Bk=",
            ["Clients:PrivateCallbacks"] = "true",
            ["Clients:Gateway:Secret"] = GatewaySecret,
            ["Sealing:Key"] = SealingKey,
            ["Logging:LogLevel:Default"] = "Critical",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var host = new IdentityHost(all, time ?? TimeProvider.System, services, port);
        host.StartServer();
        return host;
    }

    /// <summary>Passwords hashed in no time, for tests that are not about hashing.</summary>
    public static void FastHashes(IServiceCollection services) =>
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = 1);

    /// <summary>Looks into the database, across tenants.</summary>
    public async Task<T> QueryAsync<T>(Func<IdentityDb, Task<T>> query)
    {
        await using var scope = Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        return await query(scope.ServiceProvider.GetRequiredService<IdentityDb>());
    }

    /// <summary>A person with an account, a role and a session.</summary>
    public async Task<Person> SignedInAsync(HttpClient http, string role)
    {
        var person = new Person(http);
        await person.RegisterAsync();
        var id = Role.Seeded.Single(one => one.Name == role).Id;
        await QueryAsync(db =>
        {
            db.UserRoles.Add(new IdentityUserRole<Guid> { UserId = person.Id, RoleId = id });
            return db.SaveChangesAsync();
        });
        await person.LogInAsync();
        return person;
    }

    /// <summary>Makes someone the only user of a new tenant; which one.</summary>
    public Task<Guid> MoveToTenantAsync(Person person) => QueryAsync(async db =>
    {
        var tenant = new Tenant { Id = Guid.CreateVersion7(), Name = person.UserName };
        db.Tenants.Add(tenant);
        await db.SaveChangesAsync();
        await db.Database.ExecuteSqlAsync($"UPDATE users SET tenant_id = {tenant.Id} WHERE id = {person.Id}");
        await db.Database.ExecuteSqlAsync($"UPDATE sessions SET tenant_id = {tenant.Id} WHERE user_id = {person.Id}");
        return tenant.Id;
    });

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureTestServices(services =>
        {
            services.Replace(ServiceDescriptor.Singleton(Time));
            _services?.Invoke(services);
        });
    }
}

/// <summary>The servers behind one host.</summary>
internal sealed record Backing(string Database, string Redis, string Messaging);
