using System.Net;
using IdentityService.Data;
using IdentityService.Revocations;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Platform.Testing;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RevocationStreamTests(IdentityApi api) : IAsyncLifetime
{
    private Backing _backing = null!;
    private IdentityHost _host = null!;
    private HttpClient _http = null!;
    private FakeGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _backing = await api.NewBackingAsync();
        _host = IdentityHost.Start(_backing, services: IdentityHost.FastHashes);
        _http = _host.CreateClient();
        _gateway = await FakeGateway.ConnectAsync(_backing.Redis);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Stream_OfSeveralRevocations_HasThemInOrderWithoutGaps()
    {
        var sessions = await EndSessionsAsync(6);

        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 6, IdentityApi.Deadline);
        var items = await _gateway.RevocationsAsync();
        Assert.Equal(Enumerable.Range(1, 6).Select(number => (long)number), items.Select(item => item.Sequence));
        Assert.Equal(sessions.Order(), items.Select(item => Guid.Parse(item.Value)).Order());
        Assert.All(items, item => Assert.Equal(RevocationKind.Session, item.Kind));
        Assert.All(items, item => Assert.InRange(item.ExpiresAt - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(16)));
        Assert.All(items, item => Assert.Null(item.Epoch));
    }

    [Fact]
    public async Task Stream_WithoutRevocations_BeatsWithTheHeadOfTheDatabase()
    {
        await EndSessionsAsync(1);
        await Eventually.Async(async () => (await BeatsAsync()).Count(beat => beat == 1) >= 3, IdentityApi.Deadline);
        Assert.All(await BeatsAsync(), beat => Assert.InRange(beat, 0, 1));
    }

    [Fact]
    public async Task Stream_Flushed_IsWrittenAnewUnderANewGeneration()
    {
        await EndSessionsAsync(3);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 3, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        await _gateway.Database.ExecuteAsync("FLUSHDB");

        await Eventually.Async(async () => await _gateway.GenerationAsync() is { } next && next != generation, IdentityApi.Deadline);
        Assert.Equal([1L, 2, 3], (await _gateway.RevocationsAsync()).Select(item => item.Sequence));
    }

    [Fact]
    public async Task Stream_GenerationMissing_IsWrittenAnew()
    {
        await EndSessionsAsync(2);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 2, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        await _gateway.Database.KeyDeleteAsync(RevocationStream.GenerationKey);

        await Eventually.Async(async () => await _gateway.GenerationAsync() is { } next && next != generation, IdentityApi.Deadline);
        Assert.Equal([1L, 2], (await _gateway.RevocationsAsync()).Select(item => item.Sequence));
    }

    [Fact]
    public async Task Stream_BehindWhatWasWritten_IsWrittenAnew()
    {
        await EndSessionsAsync(1);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        // As a Redis that comes back with an older copy of its data.
        await _gateway.Database.ScriptEvaluateAsync(
            "redis.call('DEL', KEYS[1]) redis.call('XADD', KEYS[1], '*', 'type', 'heartbeat', 'seq', '0')", [RevocationStream.Key]);

        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        Assert.NotEqual(generation, await _gateway.GenerationAsync());
    }

    [Fact]
    public async Task Stream_AheadOfTheDatabase_IsWrittenAnew()
    {
        await EndSessionsAsync(1);
        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        var generation = await _gateway.GenerationAsync();

        await _gateway.Database.ExecuteAsync("XADD", RevocationStream.Key, "*", "type", "heartbeat", "seq", "77");

        await Eventually.Async(async () => await _gateway.GenerationAsync() != generation, IdentityApi.Deadline);
        Assert.All(await _gateway.ReadAsync(), item => Assert.Equal(1, item.Sequence));
    }

    [Fact]
    public async Task Stream_TwoReplicas_WriteEachRevocationOnce()
    {
        await using var second = IdentityHost.Start(_backing, services: IdentityHost.FastHashes);
        using var http = second.CreateClient();
        var generation = "";
        await Eventually.Async(async () => (generation = await _gateway.GenerationAsync()) is not null, IdentityApi.Deadline);

        await Task.WhenAll(EndSessionsAsync(8), EndSessionsAsync(8, http));

        await Eventually.Async(async () => (await _gateway.RevocationsAsync()).Count >= 16, IdentityApi.Deadline);
        Assert.Equal(Enumerable.Range(1, 16).Select(number => (long)number), (await _gateway.RevocationsAsync()).Select(item => item.Sequence));
        Assert.Equal(generation, await _gateway.GenerationAsync());
    }

    [Fact]
    public async Task Revocations_IssuedSideBySide_HaveNoGapsAlsoWhenOneIsTakenBack()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            await using var scope = _host.Services.CreateAsyncScope();
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

        var sequences = await _host.QueryAsync(db => db.Revocations.Select(row => row.Sequence).OrderBy(one => one).ToListAsync());
        Assert.Equal(Enumerable.Range(1, 15).Select(number => (long)number), sequences);
    }

    [Fact]
    public async Task Service_RedisAndBrokerAway_StillSignsInAndOut()
    {
        var away = new Backing(
            (await api.NewBackingAsync()).Database,
            "127.0.0.1:1",
            "amqp://guest:guest@127.0.0.1:1");
        await using var host = IdentityHost.Start(away, services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        await person.RefreshAsync();

        Assert.Equal(HttpStatusCode.NoContent, (await person.TryLogOutAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync()).StatusCode);
        Assert.Equal(1, await host.QueryAsync(db => db.Revocations.CountAsync()));
        Assert.NotEqual(0, await host.QueryAsync(db => db.Set<ServiceDefaults.Messaging.OutboxMessage>().CountAsync()));
    }

    private static EventEnvelope Envelope()
    {
        var now = TimeProvider.System.GetUtcNow();
        return new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("test"), null, null, null, null);
    }

    private async Task<List<long>> BeatsAsync() =>
        [.. (await _gateway.ReadAsync()).Where(item => item.Kind is null).Select(item => item.Sequence)];

    private async Task<List<Guid>> EndSessionsAsync(int count, HttpClient? http = null)
    {
        var person = new Person(http ?? _http);
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
