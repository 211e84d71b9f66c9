using System.Net;
using System.Security.Cryptography;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static IdentityService.Tests.Support.EncryptionKeys;

namespace IdentityService.Tests;

/// <summary>What was encrypted or begun under a former key goes on under the current one.</summary>
public sealed class UsingFormerKeysTests(IdentityApi api)
{
    [Fact]
    public async Task Refresh_RepeatedAcrossAChangeOfTheKey_GivesTheSameSuccessor()
    {
        var backing = await api.NewBackingAsync();
        var (presented, given) = await UnderTheFormerKeyAsync(backing, async (_, person) =>
        {
            var first = person.RefreshToken;
            await person.RefreshAsync();
            return (first, person.RefreshToken);
        });

        await using var after = IdentityHost.Start(
            backing, new ShiftedTime(), IdentityHost.FastHashes,
            settings: [("Keys:EncryptionKey", New), ("Keys:FormerEncryptionKeys:0", Old)]);
        using var again = after.CreateClient();
        await after.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"UPDATE refresh_tokens SET used_at = {after.Time.GetUtcNow()} WHERE used_at IS NOT NULL"));
        var same = new Person(again) { RefreshToken = presented };
        await same.RefreshAsync();

        Assert.Equal(given, same.RefreshToken);
    }

    [Fact]
    public async Task LogIn_SecondStepAcrossAChangeOfTheKey_GoesOn()
    {
        var backing = await api.NewBackingAsync();
        var (recovery, challenge) = await UnderTheFormerKeyAsync(backing, async (before, person) =>
        {
            var code = (await CodeApp.EnableAsync(person, before.Time)).RecoveryCodes[0];
            return (code, (await (await person.TryLogInAsync()).BodyAsync(HttpStatusCode.Forbidden)).Text("challenge_token"));
        });

        await using var without = IdentityHost.Start(backing, services: IdentityHost.FastHashes, settings: [("Keys:EncryptionKey", New), ("Keys:FormerEncryptionKeys:0", Old)]);
        using var again = without.CreateClient();
        using var answer = await new Person(again).SendAsync(
            HttpMethod.Post, "login/2fa", new { challenge_token = challenge, recovery_code = recovery });

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void Unprotect_WhatFormerKeysProtected_IsReadAndWrittenWithTheCurrentOne()
    {
        var (old, both) = (Encryption(Old), Encryption(New, Old));
        var stored = old.Protect("a secret"u8, "owner");

        var first = (byte[])[1, .. stored.AsSpan(9)]; // as the first version wrote it: without the key's id
        Assert.Equal("a secret"u8.ToArray(), both.Unprotect(stored, "owner"));
        Assert.Equal("a secret"u8.ToArray(), both.Unprotect(first, "owner"));
        Assert.Equal("a secret"u8.ToArray(), Encryption(New).Unprotect(both.Protect("a secret"u8, "owner"), "owner"));
        Assert.ThrowsAny<CryptographicException>(() => Encryption(New).Unprotect(stored, "owner"));
        Assert.ThrowsAny<CryptographicException>(() => Encryption(New).Unprotect(first, "owner"));
    }

    [Fact]
    public void Unprotect_SecretOfAnotherRow_IsRefused()
    {
        var encryption = Encryption(New);
        var stored = encryption.Protect("a secret"u8, "owner");

        Assert.ThrowsAny<CryptographicException>(() => encryption.Unprotect(stored, "another"));
    }

    /// <summary>What a signed-in person of the host before leaves for the one after.</summary>
    private static async Task<T> UnderTheFormerKeyAsync<T>(Backing backing, Func<IdentityHost, Person, Task<T>> act)
    {
        await using var before = IdentityHost.Start(backing, services: IdentityHost.FastHashes, settings: ("Keys:EncryptionKey", Old));
        using var http = before.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        return await act(before, person);
    }
}
