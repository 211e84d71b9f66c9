using IdentityService.Revocations;
using IdentityService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class CountingGatewaysTests(IdentityApi api) : IAsyncLifetime
{
    // One that is behind is waited for a second.
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(0.9);

    private IdentityHost _host = null!;
    private FakeGateway _first = null!;
    private FakeGateway _second = null!;

    private RevocationReceipts Receipts => _host.Services.GetRequiredService<RevocationReceipts>();

    public async ValueTask InitializeAsync()
    {
        var backing = await api.NewBackingAsync();
        _host = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        _first = await FakeGateway.ConnectAsync(backing.Redis);
        _second = await FakeGateway.ConnectAsync(backing.Redis);
        await Eventually.Async(async () => await _first.GenerationAsync() is not null, IdentityApi.Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Wait_BothApply_IsEffectiveOnTwoOfTwo()
    {
        await _first.ReceiptAsync(0);
        await _second.ReceiptAsync(0);
        var waiting = Receipts.WaitUntilAppliedAsync(1, default);
        await _first.ReceiptAsync(1);
        await _second.ReceiptAsync(1);

        var effect = await waiting;
        Assert.Equal((2, 2, true), (effect.Applied, effect.Gateways, effect.IsEverywhere));
        Assert.Matches("^effective on 2 of 2 gateways in [0-9]+ ms$", effect.ToString());
    }

    [Fact]
    public async Task Wait_OneStaysBehind_IsEffectiveOnOneOfTwoAfterASecond()
    {
        var effect = await CountUntilAsync(one => one.Took >= Waited, TimeSpan.Zero);

        Assert.Equal((1, 2, false), (effect.Applied, effect.Gateways, effect.IsEverywhere));
    }

    [Fact]
    public async Task Wait_OneNotHeardOfForSeconds_IsCountedAndNotWaitedFor()
    {
        var effect = await CountUntilAsync(one => one.Took < Waited, TimeSpan.FromSeconds(10));

        Assert.Equal((1, 2), (effect.Applied, effect.Gateways));
    }

    [Fact]
    public async Task Wait_OneThatServesNobodyAnyMore_IsNotCountedAndInTimeForgotten()
    {
        await _first.ReceiptAsync(1);
        await _second.ReceiptAsync(0, age: TimeSpan.FromSeconds(40));
        Assert.Equal((1, 1), await CountAsync());
        Assert.True(await _first.Database.HashExistsAsync(RevocationStream.ReceiptsKey, _second.Id));

        await _second.ReceiptAsync(0, age: TimeSpan.FromMinutes(2));
        Assert.Equal((1, 1), await CountAsync());
        await Eventually.Async(
            async () => !await _first.Database.HashExistsAsync(RevocationStream.ReceiptsKey, _second.Id), IdentityApi.Deadline);

        // Back again, it counts again.
        await _second.ReceiptAsync(1);
        Assert.Equal((2, 2), await CountAsync());
    }

    [Fact]
    public async Task Wait_NoGateway_ReturnsAtOnce()
    {
        Assert.Equal((0, 0), await CountAsync());
    }

    [Fact]
    public async Task Wait_RedisAway_SaysThatItCannotTell()
    {
        await using var host = IdentityHost.Start(await api.NewBackingAsync() with { Redis = "127.0.0.1:1" }, services: IdentityHost.FastHashes);

        var effect = await host.Services.GetRequiredService<RevocationReceipts>().WaitUntilAppliedAsync(1, default);

        Assert.Equal((0, (int?)null, false), (effect.Applied, effect.Gateways, effect.IsEverywhere));
    }

    // Again while the machine is too busy to tell a second's wait from none.
    private async Task<RevocationEffect> CountUntilAsync(Func<RevocationEffect, bool> isAsExpected, TimeSpan age)
    {
        RevocationEffect effect = default!;
        await Eventually.Async(
            async () =>
            {
                await _first.ReceiptAsync(1);
                await _second.ReceiptAsync(0, age);
                effect = await Receipts.WaitUntilAppliedAsync(1, default);
                return isAsExpected(effect);
            },
            IdentityApi.Deadline,
            "it was waited otherwise");
        return effect;
    }

    private async Task<(int, int?)> CountAsync()
    {
        var effect = await Receipts.WaitUntilAppliedAsync(1, default);
        return (effect.Applied, effect.Gateways);
    }
}
