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

public sealed class HashingPasswordsTests(IdentityApi api) : IAsyncLifetime
{
    private readonly CountingHasher _hasher = new();
    private IdentityHost _host = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _host = IdentityHost.Start(await api.NewBackingAsync(), services: services =>
            services.Replace(ServiceDescriptor.Singleton<IPasswordHasher<User>>(provider =>
            {
                _hasher.Real = new PasswordHasher<User>(provider.GetRequiredService<IOptions<PasswordHasherOptions>>());
                return _hasher;
            })));
        _http = _host.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task LogIn_UnknownName_DoesTheSameHashWork()
    {
        var person = new Person(_http);
        await person.RegisterAsync();
        foreach (var name in (string[])[person.UserName, "nobody-by-that-name", "nobody@platform.test", "nobody\0"])
        {
            _hasher.Verified.Clear();
            (await person.TryLogInAsync(name, "not the password at all")).Dispose();
            Assert.Equal([210_000u], _hasher.Verified);
        }
    }

    [Fact]
    public async Task Register_Password_IsStoredAsPbkdf2OfSha512()
    {
        var person = new Person(_http);
        await person.RegisterAsync();

        var hash = Convert.FromBase64String(await HashOfAsync(person));
        Assert.Equal(1, hash[0]); // ASP.NET Core Identity's third format
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1))); // HMAC-SHA512
        Assert.Equal(210_000u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)));
    }

    [Fact]
    public async Task LogIn_HashOfFewerRounds_IsReplaced()
    {
        var person = new Person(_http);
        await person.RegisterAsync();
        var weak = new PasswordHasher<User>(Options.Create(new PasswordHasherOptions { IterationCount = 1_000 }))
            .HashPassword(new User(), person.Password);
        await _host.QueryAsync(db => db.Users.Where(row => row.Id == person.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, weak)));

        await person.LogInAsync();

        Assert.Equal(210_000u, CountingHasher.RoundsOf(await HashOfAsync(person)));
        await person.LogInAsync();
    }

    private async Task<string> HashOfAsync(Person person) => (await _host.QueryAsync(db =>
        db.Users.Where(row => row.Id == person.Id).Select(row => row.PasswordHash).SingleAsync()))!;

    /// <summary>The service's own hasher, with a note of the rounds of every hash it verified.</summary>
    private sealed class CountingHasher : IPasswordHasher<User>
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
