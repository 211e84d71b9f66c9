using IdentityService.Data;
using IdentityService.Sessions;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Tests;

/// <summary>What happens between the read and the write of an exchange that shares its statements with others.</summary>
public sealed class OrdinaryRefreshTests(IdentityApi api)
{
    [Fact]
    public async Task Write_TheSameTwiceAtOnce_UsesTheTokenOnceAndTellsOfIt()
    {
        var rows = api.Host.Services.GetRequiredService<RefreshRows>();
        var row = await ReadAsync(await api.SignedInAsync());

        Assert.Equal([true, false], await rows.WriteAsync([row, row with { Successor = SuccessorOf(row.Presented) }]));

        var successor = Assert.Single(await SuccessorsAsync(row));
        Assert.Equal(row.Successor.Hash, successor.Hash);
        Assert.Equal(row.Presented.Session.TenantId, successor.TenantId);
        await api.Events.AuditAsync("token.refreshed", row.Presented.Session.Id.ToString());
    }

    [Theory]
    [InlineData("UPDATE sessions SET revoked_at = now() WHERE id = {0}")]
    [InlineData("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = {0}")]
    [InlineData("UPDATE users SET epoch = epoch + 1 WHERE id = {1}")]
    [InlineData("UPDATE users SET disabled_at = now() WHERE id = {1}")]
    [InlineData("UPDATE refresh_tokens SET used_at = now() WHERE session_id = {0}")]
    public async Task Write_EndedSinceTheRead_WritesNothing(string end)
    {
        var row = await ReadAsync(await api.SignedInAsync());
        await QueryAsync(db => db.Database.ExecuteSqlRawAsync(end, row.Presented.Session.Id, row.Presented.User.Id));

        Assert.False(await WriteAsync(row));

        Assert.Empty(await SuccessorsAsync(row));
    }

    [Fact]
    public async Task Write_SomebodyIsAtTheSession_PassesItOverAndWritesTheOthers()
    {
        var (held, free) = (await ReadAsync(await api.SignedInAsync()), await ReadAsync(await api.SignedInAsync()));

        await QueryAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"SELECT FROM sessions WHERE id = {held.Presented.Session.Id} FOR UPDATE");
            Assert.Equal(new[] { false, true }, await Task.WhenAll(WriteAsync(held), WriteAsync(free)));
            return true;
        });
    }

    [Fact]
    public async Task Write_OneBreaksARuleOfTheDatabase_LeavesAllToTheirOwnWay()
    {
        var rows = api.Host.Services.GetRequiredService<RefreshRows>();
        var (good, bad) = (await ReadAsync(await api.SignedInAsync()), await ReadAsync(await api.SignedInAsync()));

        Assert.Equal([false, false], await rows.WriteAsync([good, bad with { UserAgent = new string('x', 600), Now = good.Now.AddHours(1) }]));

        Assert.Empty(await SuccessorsAsync(good));
        Assert.True(await WriteAsync(good));
    }

    [Fact]
    public async Task Refresh_SeenAMinuteAgo_WritesWhereItsOwnerIs()
    {
        var person = await api.SignedInAsync();
        await QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"UPDATE sessions SET last_seen_at = now() - interval '1 hour', address = '192.0.2.1' WHERE id = {person.SessionId}"));

        await person.RefreshAsync();

        var session = await QueryAsync(db => db.Sessions.AsNoTracking().SingleAsync(row => row.Id == person.SessionId));
        Assert.Equal("127.0.0.1", session.Address);
        Assert.InRange(TimeProvider.System.GetUtcNow() - session.LastSeenAt, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(30));
    }

    private async Task<RefreshRow> ReadAsync(Person person)
    {
        Assert.True(RefreshTokenFormat.TryRead(person.RefreshToken, out var token));
        var presented = await Ordinary.ReadAsync(RefreshTokenFormat.Hash(token), TestContext.Current.CancellationToken);
        Assert.NotNull(presented);
        var now = TimeProvider.System.GetUtcNow();
        var envelope = new EventEnvelope(Guid.CreateVersion7(now), now, presented.User.TenantId, Actor.Anonymous, null, null, null, null);
        var record = new AuditRecorded(
            envelope, "token.refreshed", "session", presented.Session.Id.ToString(), AuditSeverity.Info, AuditResult.Success);
        return new RefreshRow(
            presented, SuccessorOf(presented), now, "127.0.0.1", "test", OutboxMessage.From(record, presented.Session.Id.ToString()));
    }

    private static RefreshToken SuccessorOf(PresentedToken presented) => new()
    {
        Id = Guid.CreateVersion7(),
        SessionId = presented.Session.Id,
        TenantId = presented.Session.TenantId,
        ParentId = presented.Token.Id,
        Hash = RefreshTokenFormat.Hash(RefreshTokenFormat.Random()),
        CreatedAt = presented.Token.CreatedAt,
        ExpiresAt = presented.Token.ExpiresAt,
    };

    private OrdinaryRefresh Ordinary => api.Host.Services.GetRequiredService<OrdinaryRefresh>();

    private Task<bool> WriteAsync(RefreshRow row) => Ordinary.WriteAsync(row, TestContext.Current.CancellationToken);

    private Task<List<RefreshToken>> SuccessorsAsync(RefreshRow row) =>
        QueryAsync(db => db.RefreshTokens.Where(one => one.ParentId == row.Presented.Token.Id).ToListAsync());

    private Task<T> QueryAsync<T>(Func<IdentityDb, Task<T>> query) => api.Host.QueryAsync(query);
}
