using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Data;
using ServiceDefaults.Messaging;

namespace Delivery.Courier;

/// <summary>
/// What the senders commit and what the receiver makes of it, in a database each. The effect is deliberately not
/// idempotent: a row of a ledger without a unique key, and a counter. Whatever is applied twice shows.
/// </summary>
internal sealed class DeliveryContext(DbContextOptions<DeliveryContext> options, TenantScope tenants)
    : PlatformDbContext(options, tenants)
{
    public DbSet<Operation> Operations => Set<Operation>();

    public DbSet<LedgerEntry> Ledger => Set<LedgerEntry>();

    public static async Task CreateAsync(string database)
    {
        var options = new DbContextOptionsBuilder<DeliveryContext>().UseNpgsql(database).Options;
        await using var context = new DeliveryContext(options, new TenantScope());
        await context.Database.EnsureCreatedAsync();
        await context.Database.ExecuteSqlRawAsync(MessagingModel.InboxAndTrigger);
        await context.Database.ExecuteSqlRawAsync(
            """
            CREATE TABLE aggregates (id uuid PRIMARY KEY, number integer NOT NULL);
            CREATE TABLE counter (value bigint NOT NULL);
            INSERT INTO counter VALUES (0);
            """);
    }

    protected override void MapTables(ModelBuilder builder)
    {
        builder.Entity<Operation>(operation =>
        {
            operation.ToTable("operations");
            operation.HasKey(row => row.Id);
        });
        builder.Entity<LedgerEntry>(entry =>
        {
            entry.ToTable("ledger");
            entry.HasKey(row => row.Place);
        });
    }
}

/// <summary>A change that was committed with its event.</summary>
internal sealed class Operation
{
    public required Guid Id { get; init; }

    public required Guid Aggregate { get; init; }

    /// <summary>1, 2, 3, … within the aggregate, in the order of the commits.</summary>
    public required int Number { get; init; }
}

/// <summary>One run of the receiver's handler.</summary>
internal sealed class LedgerEntry
{
    /// <summary>In the order of the runs.</summary>
    public long Place { get; init; }

    public required Guid OperationId { get; init; }

    public required Guid Aggregate { get; init; }

    public required int Number { get; init; }
}
