using System.Net;
using System.Text;
using System.Text.Json;
using IdentityService.Keys;
using IdentityService.Secrets;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Idempotency;

namespace IdentityService.Tests;

/// <summary>What is kept of a creation, for its repetition.</summary>
public sealed class StoredAnswersTests(IdentityApi api)
{
    [Fact]
    public async Task Repeat_AfterTheKeyHasExpired_MakesAnother()
    {
        var creation = await OfLonelyCallerAsync();
        await creation.SendAsync(api.Http);
        var row = await RowAsync(creation);
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"UPDATE idempotency_keys SET expires_at = now() - interval '1 day' WHERE id = {row.Id}"));

        var later = await creation.SendAsync(api.Http);
        var again = await creation.SendAsync(api.Http);

        Assert.False(later.Replayed);
        Assert.Equal(later with { Replayed = true }, again);
        Assert.Equal(2, await creation.KeysMadeAsync(api.Host));
    }

    [Fact]
    public async Task Keep_AnswerWithASecret_IsSealedTwice()
    {
        var creation = await OfLonelyCallerAsync();
        var secret = JsonDocument.Parse((await creation.SendAsync(api.Http)).Body).RootElement.Text("key");

        var row = await RowAsync(creation);
        var opened = new AnswerProtection(api.Host.Services.GetRequiredService<KeyEncryption>()).Unprotect(row.Answer, row.Id);

        foreach (var stored in new[] { row.Answer, opened, row.Fingerprint })
        {
            var text = Encoding.Latin1.GetString(stored);
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(creation.Key, text, StringComparison.Ordinal);
            Assert.DoesNotContain("Location", text, StringComparison.Ordinal); // what is not sealed shows its headers, the body is in base64
        }
    }

    [Fact]
    public async Task Repeat_WhenTheAnswerCannotBeOpened_IsToldAndMakesNothing()
    {
        var creation = await OfLonelyCallerAsync();
        await creation.SendAsync(api.Http);
        var row = await RowAsync(creation);
        row.Answer[^1] ^= 1;
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE idempotency_keys SET answer = {row.Answer} WHERE id = {row.Id}"));

        using var again = await creation.TrySendAsync(api.Http);

        Assert.Equal("idempotency_answer_lost", await again.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal(1, await creation.KeysMadeAsync(api.Host));
    }

    /// <summary>By somebody who is alone in a tenant: the tenant's one row is this creation's.</summary>
    private async Task<OneCreation> OfLonelyCallerAsync()
    {
        var owner = await api.SignedInAsync();
        await api.Host.MoveToTenantAsync(owner);
        await owner.LogInAsync();
        return OneCreation.OfApiKey(owner);
    }

    private Task<IdempotencyRecord> RowAsync(OneCreation creation)
    {
        var tenant = Jwt.Claims(creation.Caller.AccessToken).GetProperty("tid").GetGuid();
        return api.Host.QueryAsync(db => db.Set<IdempotencyRecord>().AsNoTracking().SingleAsync(row => row.TenantId == tenant));
    }
}
