using DeviceService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DeviceService.Connectivity;

/// <summary>
/// Writes down that this process takes heartbeats, and tells since when somebody has without a break. A restart, an outage
/// of the database and a suspended process all are breaks; a rolling restart is none.
/// </summary>
internal sealed class ReceiverRegister(
    IServiceScopeFactory scopes, IOptions<ConnectivityOptions> options, TimeProvider time)
{
    /// <summary>A register that was not written for so many sweeps: the database or this process stood still.</summary>
    private const int SweepsOfABreak = 5;

    private static readonly TimeSpan Kept = TimeSpan.FromDays(3);

    private readonly Guid _id = Guid.CreateVersion7(time.GetUtcNow());

    /// <summary>Registers this instant and gives back the beginning of the unbroken time up to it.</summary>
    public async Task<DateTimeOffset> SignAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<DeviceDbContext>();
        var now = time.GetUtcNow();
        var longest = options.Value.SweepEvery * SweepsOfABreak;
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO receivers (id, ready_at, alive_at) VALUES ({_id}, {now}, {now})
            ON CONFLICT (id) DO UPDATE
            SET ready_at = CASE WHEN receivers.alive_at + {longest} < excluded.alive_at THEN excluded.alive_at ELSE receivers.ready_at END,
                alive_at = excluded.alive_at
            """,
            cancellationToken);
        var receivers = await database.Set<Receiver>().AsNoTracking().ToListAsync(cancellationToken);
        return Coverage.Since(receivers.Find(receiver => receiver.Id == _id)?.ReadyAt ?? now, receivers);
    }

    /// <summary>Forgets processes that have been gone for longer than any profile waits.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var oldest = time.GetUtcNow() - Kept;
        await scope.ServiceProvider.GetRequiredService<DeviceDbContext>().Set<Receiver>()
            .Where(receiver => receiver.AliveAt < oldest)
            .ExecuteDeleteAsync(cancellationToken);
    }
}
