using MassTransit;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>
/// A deliberately non-idempotent effect: a row per run of the handler, without a unique key, and a counter. Whatever is
/// applied twice shows.
/// </summary>
internal sealed class LedgerContext(DbContextOptions<LedgerContext> options, TenantScope tenants)
    : PlatformDbContext(options, tenants)
{
    public DbSet<LedgerEntry> Entries => Set<LedgerEntry>();

    protected override void MapTables(ModelBuilder builder) => builder.Entity<LedgerEntry>(entry =>
    {
        entry.ToTable("ledger");
        entry.HasKey(row => row.Id);
    });
}

internal sealed class LedgerEntry : ITenantOwned
{
    public long Id { get; init; }

    public Guid TenantId { get; init; }

    public required string Aggregate { get; init; }

    public int Number { get; init; }

    public string? TraceId { get; init; }
}

internal sealed class LedgerConsumer(LedgerContext ledger, LedgerFaults faults) : IConsumer<UserRegistered>
{
    public async Task Consume(ConsumeContext<UserRegistered> context)
    {
        var number = int.Parse(context.Message.UserName, System.Globalization.CultureInfo.InvariantCulture);
        ledger.Add(new LedgerEntry
        {
            TenantId = context.Message.Envelope.TenantId,
            Aggregate = context.Message.UserId.ToString(),
            Number = number,
            TraceId = System.Diagnostics.Activity.Current?.TraceId.ToHexString(),
        });
        await ledger.SaveChangesAsync(context.CancellationToken);
        faults.ThrowIfDue();
    }
}

/// <summary>Makes the handler fail after its effect and before its commit, a given number of times.</summary>
internal sealed class LedgerFaults
{
    private int _due;
    private int _thrown;

    public int Thrown => Volatile.Read(ref _thrown);

    public void FailNext(int times) => Volatile.Write(ref _due, times);

    public void ThrowIfDue()
    {
        if (Interlocked.Decrement(ref _due) >= 0)
        {
            Interlocked.Increment(ref _thrown);
            throw new InvalidOperationException("The handler fails as the test asked.");
        }
    }
}
