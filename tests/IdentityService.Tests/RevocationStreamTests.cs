using IdentityService.Data;
using IdentityService.Revocations;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RevocationStreamTests(OwnHost own) : IClassFixture<OwnHost>, IAsyncLifetime
{
    private FakeGateway _gateway = null!;
    private long _before;

    // The stream is empty at the start of each test; the sequence goes on from the one before.
    public async ValueTask InitializeAsync()
    {
        _gateway = await FakeGateway.ConnectAsync(own.Backing.Redis);
        await own.Host.QueryAsync(db => db.Revocations.ExecuteDeleteAsync());
        _before = await own.Host.QueryAsync(db => db.RevocationCounters.Select(row => row.Sequence).SingleAsync());
        await _gateway.Database.ExecuteAsync("FLUSHDB");
        await Eventually.Async(async () => await _gateway.GenerationAsync() is not null, IdentityApi.Deadline);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Stream_OfSeveralRevocations_HasThemInOrderWithoutGaps()
    {
        var sessions = await EndSessionsAsync(6);

        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 6, IdentityApi.Deadline);
        var items = await _gateway.RevocationsAsync();
        Assert.Equal(Next(6), items.Select(item => item.Sequence));
        Assert.Equal(sessions.Order(), items.Select(item => Guid.Parse(item.Value)).Order());
        Assert.All(items, item => Assert.Equal(RevocationKind.Session, item.Kind));
        Assert.All(items, item => Assert.InRange(item.ExpiresAt - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(16)));
        Assert.All(items, item => Assert.Null(item.Epoch));
    }

    [Fact]
    public async Task Stream_WithoutRevocations_BeatsWithTheHeadOfTheDatabase()
    {
        await EndSessionsAsync(1);
        await Eventually.Async(async () => (await BeatsAsync()).Count(beat => beat == _before + 1) >= 3, IdentityApi.Deadline);
        Assert.All(await BeatsAsync(), beat => Assert.InRange(beat, _before, _before + 1));
    }

    [Fact]
    public async Task Stream_Flushed_IsWrittenAnewUnderANewGeneration()
    {
        await EndSessionsAsync(3);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 3, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        await _gateway.Database.ExecuteAsync("FLUSHDB");

        await Eventually.Async(async () => await _gateway.GenerationAsync() is { } next && next != generation, IdentityApi.Deadline);
        Assert.Equal(Next(3), (await _gateway.RevocationsAsync()).Select(item => item.Sequence));
    }

    [Fact]
    public async Task Stream_GenerationMissing_IsWrittenAnew()
    {
        await EndSessionsAsync(2);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 2, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        await _gateway.Database.KeyDeleteAsync(RevocationStream.GenerationKey);

        await Eventually.Async(async () => await _gateway.GenerationAsync() is { } next && next != generation, IdentityApi.Deadline);
        Assert.Equal(Next(2), (await _gateway.RevocationsAsync()).Select(item => item.Sequence));
    }

    [Fact]
    public async Task Stream_BehindWhatWasWritten_IsWrittenAnew()
    {
        await EndSessionsAsync(1);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        // As a Redis that comes back with an older copy of its data.
        await _gateway.Database.ScriptEvaluateAsync(
            "redis.call('DEL', KEYS[1]) redis.call('XADD', KEYS[1], '*', 'type', 'heartbeat', 'seq', ARGV[1])",
            [RevocationStream.Key],
            [_before]);

        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        Assert.NotEqual(generation, await _gateway.GenerationAsync());
    }

    [Fact]
    public async Task Stream_AheadOfTheDatabase_IsWrittenAnew()
    {
        await EndSessionsAsync(1);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        await _gateway.Database.ExecuteAsync("XADD", RevocationStream.Key, "*", "type", "heartbeat", "seq", _before + 77);

        await Eventually.Async(async () => await _gateway.GenerationAsync() != generation, IdentityApi.Deadline);
        Assert.All(await _gateway.ReadAsync(), item => Assert.Equal(_before + 1, item.Sequence));
    }

    [Fact]
    public async Task Stream_TwoReplicas_WriteEachRevocationOnce()
    {
        await using var second = IdentityHost.Start(own.Backing, services: IdentityHost.FastHashes);
        using var http = second.CreateClient();
        var generation = "";
        await Eventually.Async(async () => (generation = await _gateway.GenerationAsync()) is not null, IdentityApi.Deadline);

        await Task.WhenAll(EndSessionsAsync(8), EndSessionsAsync(8, http));

        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count >= 16, IdentityApi.Deadline);
        Assert.Equal(Next(16), (await _gateway.RevocationsAsync()).Select(item => item.Sequence));
        Assert.Equal(generation, await _gateway.GenerationAsync());
    }

    [Fact]
    public async Task Revocations_IssuedSideBySide_HaveNoGapsAlsoWhenOneIsTakenBack()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            await using var scope = own.Host.Services.CreateAsyncScope();
            var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
            await using var transaction = await database.Database.BeginTransactionAsync();
            await scope.ServiceProvider.GetRequiredService<RevocationLog>()
                .AddAsync(RevocationKind.Token, $"token-{number}", null, Envelope(), default);
            await database.SaveChangesAsync();
            if (number % 4 != 0)
            {
                await transaction.CommitAsync();
            }
        }));

        var sequences = await own.Host.QueryAsync(db => db.Revocations.Select(row => row.Sequence).OrderBy(one => one).ToListAsync());
        Assert.Equal(Next(15), sequences);
    }

    private IEnumerable<long> Next(int count) => Enumerable.Range(1, count).Select(number => _before + number);

    private static EventEnvelope Envelope()
    {
        var now = TimeProvider.System.GetUtcNow();
        return new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("test"), null, null, null, null);
    }

    private async Task<List<long>> BeatsAsync() =>
        [.. (await _gateway.ReadAsync()).Where(item => item.Kind is null).Select(item => item.Sequence)];

    private async Task<List<Guid>> EndSessionsAsync(int count, HttpClient? http = null)
    {
        var person = new Person(http ?? own.Http);
        await person.RegisterAsync();
        List<Guid> sessions = [];
        for (var session = 0; session < count; session++)
        {
            await person.LogInAsync();
            sessions.Add(person.SessionId);
            (await person.TryLogOutAsync()).EnsureSuccessStatusCode();
        }

        return sessions;
    }
}
