using System.Buffers.Binary;
using System.Collections.Concurrent;
using IdentityService.Accounts;
using IdentityService.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace IdentityService.Tests;

public sealed class HashingPasswordsTests(HashingPasswordsTests.StrongHost strong) : IClassFixture<HashingPasswordsTests.StrongHost>
{
    [Fact]
    public async Task LogIn_UnknownName_DoesTheSameHashWork()
    {
        var person = new Person(strong.Http);
        await person.RegisterAsync();
        foreach (var name in (string[])[person.UserName, "nobody-by-that-name", "nobody@platform.test", "nobody\0"])
        {
            strong.Hasher.Verified.Clear();
            (await person.TryLogInAsync(name, "not the password at all")).Dispose();
            Assert.Equal([210_000u], strong.Hasher.Verified);
        }
    }

    [Fact]
    public async Task Register_Password_IsStoredAsPbkdf2OfSha512()
    {
        var person = new Person(strong.Http);
        await person.RegisterAsync();

        var hash = Convert.FromBase64String(await HashOfAsync(person));
        Assert.Equal(1, hash[0]); // ASP.NET Core Identity's third format
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1))); // HMAC-SHA512
        Assert.Equal(210_000u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)));
    }

    [Fact]
    public async Task LogIn_HashOfFewerRounds_IsReplaced()
    {
        var person = new Person(strong.Http);
        await person.RegisterAsync();
        var weak = new PasswordHasher<User>(Options.Create(new PasswordHasherOptions { IterationCount = 1_000 }))
            .HashPassword(new User(), person.Password);
        await strong.Host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, weak)));

        await person.LogInAsync();

        Assert.Equal(210_000u, CountingHasher.RoundsOf(await HashOfAsync(person)));
        await person.LogInAsync();
    }

    private async Task<string> HashOfAsync(Person person) => (await strong.Host.QueryAsync(db =>
        db.Users.Where(row => row.Id == person.Id).Select(row => row.PasswordHash).SingleAsync()))!;

    /// <summary>The service with its real hashes, counted.</summary>
    public sealed class StrongHost(IdentityApi api) : IAsyncLifetime
    {
        internal CountingHasher Hasher { get; } = new();

        internal IdentityHost Host { get; private set; } = null!;

        internal HttpClient Http { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = IdentityHost.Start(await api.NewBackingAsync(), services: services =>
                services.Replace(ServiceDescriptor.Singleton<IPasswordHasher<User>>(provider =>
                {
                    Hasher.Real = new PasswordHasher<User>(provider.GetRequiredService<IOptions<PasswordHasherOptions>>());
                    return Hasher;
                })));
            Http = Host.CreateClient();
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await Host.DisposeAsync();
        }
    }

    /// <summary>The service's own hasher, with a note of the rounds of every hash it verified.</summary>
    internal sealed class CountingHasher : IPasswordHasher<User>
    {
        public ConcurrentBag<uint> Verified { get; } = [];

        public PasswordHasher<User> Real { get; set; } = null!;

        public static uint RoundsOf(string hash) => BinaryPrimitives.ReadUInt32BigEndian(Convert.FromBase64String(hash).AsSpan(5));

        public string HashPassword(User user, string password) => Real.HashPassword(user, password);

        public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
        {
            Verified.Add(RoundsOf(hashedPassword));
            return Real.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
