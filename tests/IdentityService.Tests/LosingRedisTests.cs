using System.Net;
using IdentityService.Revocations;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace IdentityService.Tests;

public sealed class LosingRedisTests(IdentityApi api)
{
    [Fact]
    public async Task Redis_KilledAndStartedEmpty_GetsEveryRevocationAgain()
    {
        using var redis = new OwnRedis();
        redis.Start();
        var backing = await api.NewBackingAsync() with { Redis = redis.Address };
        await using var host = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        await LogInAndOutAsync(person);
        await using (var before = await FakeGateway.ConnectAsync(redis.Address))
        {
            await Eventually.Async(async () => (await before.RevocationsAsync()).Count == 1, IdentityApi.Deadline);
        }

        redis.Kill();
        await Eventually.Async(async () => await StateAsync(host) == HealthStatus.Degraded, IdentityApi.Deadline);
        await LogInAndOutAsync(person);
        redis.Start();

        await using var after = await FakeGateway.ConnectAsync($"{redis.Address},abortConnect=false");
        await Eventually.Async(async () => Assert.Equal([1L, 2], (await after.RevocationsAsync()).Select(item => item.Sequence)), IdentityApi.Deadline);
        await Eventually.Async(async () => await StateAsync(host) == HealthStatus.Healthy, IdentityApi.Deadline);
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
        await LogInAndOutAsync(person);

        Assert.Equal(HttpStatusCode.Unauthorized, (await person.TryRefreshAsync()).StatusCode);
        Assert.Equal(1, await host.QueryAsync(db => db.Revocations.CountAsync()));
        Assert.NotEqual(0, await host.QueryAsync(db => db.Set<ServiceDefaults.Messaging.OutboxMessage>().CountAsync()));
    }

    private static async Task LogInAndOutAsync(Person person)
    {
        await person.LogInAsync();
        await person.RefreshAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await person.TryLogOutAsync()).StatusCode);
    }

    private static async Task<HealthStatus> StateAsync(IdentityHost host) =>
        (await host.Services.GetRequiredService<RevocationPublisher>().CheckHealthAsync(new HealthCheckContext())).Status;
}
