using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Names;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class StartingTests(IdentityApi api)
{
    [Fact]
    public void Start_WeakOrMissingSecrets_StopsNamingEveryFault()
    {
        var fault = Faults(
            ("Administrator:Password", "short"),
            ("Keys:EncryptionKey", "too short"),
            ("Authentication:Issuer", ""),
            ("Tokens:RefreshGrace", "00:01:00"),
            ("Registration:DefaultRole", "admin"));

        foreach (var key in (string[])["Administrator:Password", "Keys:EncryptionKey", "Issuer", "Tokens:RefreshGrace", "Registration:DefaultRole"])
        {
            Assert.Contains(key, fault, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("too short\"", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Keys:EncryptionKey", null)]
    [InlineData("Keys:EncryptionKey", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("Keys:EncryptionKey", "changeme-changeme-changeme-changeme-0123")]
    [InlineData("Keys:EncryptionKey", "c2hvcnQ=")]
    [InlineData("Sealing:Key", null)]
    [InlineData("Sealing:Key", "too short a key")]
    [InlineData("Clients:Gateway:Secret", null)]
    [InlineData("Clients:Gateway:Secret", "too short a secret")]
    [InlineData("Administrator:Password", null)]
    [InlineData("Administrator:Password", "administrator1")]
    [InlineData("Administrator:Password", "password123456")]
    [InlineData("Administrator:UserName", "no name")]
    [InlineData("Keys:PublishAhead", "29.00:00:00.1")]
    [InlineData("Keys:RotateEvery", "soon")]
    public void Start_OneBadSetting_StopsNamingIt(string key, string? value)
    {
        var settings = key == "Keys:PublishAhead" ? new[] { (key, value), ("Keys:RotateEvery", "20.00:00:00") } : [(key, value)];

        Assert.Contains(key, Faults(settings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DefaultRole_IsGivenToWhoeverRegisters()
    {
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, settings: ("Registration:DefaultRole", "viewer"));
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();

        Assert.Equal(
            "audit:read devices:read identity:self notifications:read", Jwt.Claims(person.AccessToken).Text("scope"));
    }

    [Fact]
    public async Task Migrations_ForwardBackAndForward_LeaveNothingBehind()
    {
        var backing = await api.NewBackingAsync();
        await using (IdentityHost.Start(backing, services: IdentityHost.FastHashes))
        {
        }

        await using var database = Open(backing);
        await database.GetService<IMigrator>().MigrateAsync("0");
        await using var source = NpgsqlDataSource.Create(backing.Database);
        await using var left = source.CreateCommand(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'migrations'");
        Assert.Equal(0L, await left.ExecuteScalarAsync());

        await database.Database.MigrateAsync();
        Assert.False(database.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task Migrations_NamesFromBefore_KeepTheirKeysAndTheirOwners()
    {
        var backing = await api.NewBackingAsync();
        Person[] people;
        await using (var host = IdentityHost.Start(backing, services: IdentityHost.FastHashes))
        {
            using var http = host.CreateClient();
            people = [new Person(http), new Person(http)];
            await people[0].RegisterAsync();
            await people[1].RegisterAsync();
        }

        await using var database = Open(backing);
        var before = await KeysAsync(database);
        await database.GetService<IMigrator>().MigrateAsync("Grants");
        await database.Database.ExecuteSqlAsync($"UPDATE users SET user_name = 'Paypal1' WHERE id = {people[0].Id}");
        await database.Database.ExecuteSqlAsync($"UPDATE users SET user_name = 'PaypalI' WHERE id = {people[1].Id}");
        await database.Database.MigrateAsync();

        var after = await KeysAsync(database);
        Assert.Equal(before["admin"], after["admin"]);
        Assert.Equal(Convert.ToHexString(UserNames.LookKeyOf("Paypal1")), after["Paypal1"].Look);
        Assert.NotEqual(after["Paypal1"].Look, after["PaypalI"].Look);
    }

    [Fact]
    public async Task Migrations_BackWhereAccountsShareAnAddress_LeaveItToOneOfThem()
    {
        await using var database = Open(await api.NewBackingAsync());
        await database.Database.MigrateAsync();
        var began = TimeProvider.System.GetUtcNow();
        var (squatter, owner) = (NewUser("squatter", "shared@platform.test", 0), NewUser("owner", "shared@platform.test", 1));
        var (first, second) = (NewUser("first", "Named@platform.test", 0), NewUser("second", "named@platform.test", 1));
        owner.ConfirmEmail(owner.Email!);
        database.Users.AddRange(squatter, owner, first, second, NewUser("alone", "alone@platform.test", 2));
        await database.SaveChangesAsync();

        await database.GetService<IMigrator>().MigrateAsync("SecondFactors");
        database.ChangeTracker.Clear();

        var after = await database.Users.IgnoreQueryFilters().AsNoTracking().ToDictionaryAsync(user => user.UserName!, StringComparer.Ordinal);
        Assert.Equal(
            ["shared@platform.test", "Named@platform.test", "alone@platform.test"],
            new[] { "owner", "first", "alone" }.Select(name => after[name].Email));
        foreach (var other in new[] { squatter, second })
        {
            var left = after[other.UserName!];
            Assert.Equal($"{other.Id}@address.invalid", left.Email);
            Assert.Equal(LoginName.Normalize(left.Email!), left.NormalizedEmail);
            Assert.NotEqual(other.ConcurrencyStamp, left.ConcurrencyStamp);
        }

        await database.Database.MigrateAsync();

        User NewUser(string name, string email, int minutes) => User.Create(name, email, null, Tenants.Default, began.AddMinutes(minutes));
    }

    private static IdentityDb Open(Backing backing) => new(
        new DbContextOptionsBuilder<IdentityDb>().UseNpgsql(backing.Database, postgres => postgres.MigrationsHistoryTable("migrations")).Options,
        new ServiceDefaults.Data.TenantScope(),
        Options.Create(new RegistrationOptions()));

    private static async Task<Dictionary<string, (string Name, string Look)>> KeysAsync(IdentityDb database) =>
        (await database.Users.IgnoreQueryFilters().AsNoTracking().ToListAsync())
            .ToDictionary(user => user.UserName!, user => (Convert.ToHexString(user.NameKey), Convert.ToHexString(user.LookKey)), StringComparer.Ordinal);

    private static string Faults(params (string Key, string? Value)[] settings)
    {
        var nowhere = new Backing("Host=127.0.0.1;Port=1;Database=none", "127.0.0.1:1", "amqp://guest:guest@127.0.0.1:1");
        var fault = Assert.ThrowsAny<Exception>(() => IdentityHost.Start(nowhere, settings: settings));
        Assert.True(fault is OptionsValidationException or AggregateException, fault.ToString());
        return fault.ToString();
    }
}
