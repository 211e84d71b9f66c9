using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityService.Keys;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IdentityService.Tests;

public sealed class SigningKeyTests(IdentityApi api)
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly KeyOptions Schedule = new() { RotateEvery = TimeSpan.FromDays(30), PublishAhead = TimeSpan.FromDays(1) };

    [Fact]
    public void Thumbprint_ExampleOfRfc7638_IsTheOneThere()
    {
        // RFC 7638 section 3.1
        const string Jwk =
            """
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
            """;

        Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", JwkThumbprint.Of(JsonDocument.Parse(Jwk).RootElement));
    }

    [Fact]
    public async Task KeySet_Published_HasThumbprintsAsIdsAndNothingPrivate()
    {
        using var answer = await api.Http.GetAsync("/.well-known/jwks.json");
        var keys = (await answer.BodyAsync(HttpStatusCode.OK)).GetProperty("keys").EnumerateArray().ToList();

        Assert.NotEmpty(keys);
        foreach (var key in keys)
        {
            Assert.Equal(["alg", "e", "kid", "kty", "n", "use"], key.EnumerateObject().Select(one => one.Name).Order());
            Assert.Equal(JwkThumbprint.Of(key), key.Text("kid"));
        }

        Assert.Equal("application/jwk-set+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("public, max-age=300", answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task KeySet_UnchangedVersion_IsNotSentAgain()
    {
        using var first = await api.Http.GetAsync("/.well-known/jwks.json");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/.well-known/jwks.json");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var again = await api.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Metadata_Published_NamesTheIssuerAndItsRoutes()
    {
        var metadata = await (await api.Http.GetAsync("/.well-known/openid-configuration")).BodyAsync(HttpStatusCode.OK);

        Assert.Equal("https://platform.test", metadata.Text("issuer"));
        Assert.Equal("https://platform.test/.well-known/jwks.json", metadata.Text("jwks_uri"));
        Assert.Equal("https://platform.test/connect/token", metadata.Text("token_endpoint"));
    }

    [Fact]
    public void NextActivation_ByAge_FollowsTheSchedule()
    {
        var encryption = Encryption("p3Zq8LrWv6TnXc2JbY9mKd4HsFg7QeUa1RtVwSxC5Bk=");
        SigningKey[] keys = [SigningKey.Create(encryption, SigningAlgorithms.Rs256, Now, Now)];

        Assert.Equal(Now, KeySchedule.NextActivation([], firstOfAll: true, Now, Schedule));
        Assert.Null(KeySchedule.NextActivation(keys, firstOfAll: false, Now.AddDays(28), Schedule));
        Assert.Equal(Now.AddDays(30), KeySchedule.NextActivation(keys, firstOfAll: false, Now.AddDays(29), Schedule));

        // An algorithm configured later: another signs until everyone has the new one's key.
        Assert.Equal(Now.AddDays(1), KeySchedule.NextActivation([], firstOfAll: false, Now, Schedule));

        // Slept through: still published for a day before it signs.
        Assert.Equal(Now.AddDays(101), KeySchedule.NextActivation(keys, firstOfAll: false, Now.AddDays(100), Schedule));
    }

    [Fact]
    public void State_OfAKey_FollowsItsTimes()
    {
        var key = SigningKey.Create(Encryption("p3Zq8LrWv6TnXc2JbY9mKd4HsFg7QeUa1RtVwSxC5Bk="), SigningAlgorithms.Rs256, Now, Now.AddDays(1));
        Assert.Equal(SigningKeyState.Upcoming, key.StateAt(Now));
        Assert.Equal(SigningKeyState.Active, key.StateAt(Now.AddDays(1)));
        Assert.Equal(SigningKeyState.Active, key.StateAt(Now.AddYears(1)));
        key.Retire(Now.AddDays(31), TimeSpan.FromMinutes(20));
        Assert.Equal(SigningKeyState.Active, key.StateAt(Now.AddDays(31).AddTicks(-1)));
        Assert.Equal(SigningKeyState.Retired, key.StateAt(Now.AddDays(31)));
        Assert.Equal(SigningKeyState.Expired, key.StateAt(Now.AddDays(31).AddMinutes(20)));
    }

    [Fact]
    public void Protect_AnySecret_IsOpenedOnlyByTheSameKeyAndOwner()
    {
        var encryption = Encryption("p3Zq8LrWv6TnXc2JbY9mKd4HsFg7QeUa1RtVwSxC5Bk=");
        var stored = encryption.Protect("a secret"u8, "owner");

        Assert.Equal("a secret", Encoding.UTF8.GetString(encryption.Unprotect(stored, "owner")));
        Assert.NotEqual(stored, encryption.Protect("a secret"u8, "owner"));
        Assert.ThrowsAny<CryptographicException>(() => encryption.Unprotect(stored, "another"));
        Assert.ThrowsAny<CryptographicException>(() => Encryption("another-key-0123456789-abcdefghijk").Unprotect(stored, "owner"));
        stored[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => encryption.Unprotect(stored, "owner"));
    }

    [Fact]
    public async Task Rotation_OnSchedule_PublishesAheadSwitchesAndForgets()
    {
        var time = new ShiftedTime();
        await using var host = IdentityHost.Start(await api.NewBackingAsync(), time, IdentityHost.FastHashes);
        using var http = host.CreateClient();
        var rotation = host.Services.GetRequiredService<KeyRotation>();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        var first = Jwt.Header(person.AccessToken).Text("kid");
        Assert.Equal([first], await PublishedAsync(http));

        time.Advance(TimeSpan.FromDays(29) + TimeSpan.FromMinutes(1));
        await rotation.RunAsync(TestContext.Current.CancellationToken);
        await person.LogInAsync();
        Assert.Equal(first, Jwt.Header(person.AccessToken).Text("kid"));
        var published = await PublishedAsync(http);
        var second = Assert.Single(published, key => key != first);

        // Its turn comes by the clock alone, also for a replica that has not read the ring again.
        time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        await person.LogInAsync();
        var old = person.AccessToken;
        time.Advance(TimeSpan.FromMinutes(2));
        await person.LogInAsync();
        Assert.Equal(second, Jwt.Header(person.AccessToken).Text("kid"));
        Assert.Equal(first, Jwt.Header(old).Text("kid"));
        Assert.Equal(HttpStatusCode.OK, (await person.TryMeAsync(old)).StatusCode);

        time.Advance(TimeSpan.FromMinutes(20));
        await rotation.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal([second], await PublishedAsync(http));
    }

    [Fact]
    public async Task Restart_SameDatabase_KeepsKeysSessionsAndTheAdministrator()
    {
        var backing = await api.NewBackingAsync();
        string access, refresh;
        await using (var before = IdentityHost.Start(backing, services: IdentityHost.FastHashes))
        {
            using var http = before.CreateClient();
            var person = new Person(http);
            await person.RegisterAsync();
            await person.LogInAsync();
            (access, refresh) = (person.AccessToken, person.RefreshToken);
        }

        await using var after = IdentityHost.Start(
            backing, services: IdentityHost.FastHashes, settings: ("Administrator:Password", "quite another password 7"));
        using var again = after.CreateClient();
        var same = new Person(again);
        Assert.Equal(HttpStatusCode.OK, (await same.TryMeAsync(access)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await same.TryRefreshAsync(refresh)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await same.TryLogInAsync("admin", IdentityHost.AdministratorPassword)).StatusCode);
        Assert.Equal(1, await after.QueryAsync(db => db.SigningKeys.CountAsync()));

        await after.DisposeAsync();
        var fault = Assert.ThrowsAny<Exception>(() => IdentityHost.Start(
            backing, services: IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", "another-key-0123456789-abcdefghijk")));
        Assert.Contains("Keys:EncryptionKey", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_PrivateKeys_AreEncrypted()
    {
        var stored = await api.Host.QueryAsync(db => db.SigningKeys.Select(key => key.PrivateKey).FirstAsync());

        using var rsa = RSA.Create();
        for (var at = 0; at < stored.Length - 100; at++)
        {
            Assert.ThrowsAny<CryptographicException>(() => rsa.ImportPkcs8PrivateKey(stored.AsSpan(at), out _));
        }
    }

    private static KeyEncryption Encryption(string key) => new(Options.Create(new KeyOptions { EncryptionKey = key }));

    private static async Task<string[]> PublishedAsync(HttpClient http) =>
        [.. (await (await http.GetAsync("/.well-known/jwks.json")).BodyAsync(HttpStatusCode.OK))
            .GetProperty("keys").EnumerateArray().Select(key => key.Text("kid"))];
}
