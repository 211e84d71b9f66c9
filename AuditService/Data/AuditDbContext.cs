using AuditService.Completeness;
using AuditService.DeadLetters;
using AuditService.Reading;
using AuditService.Retention;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;

namespace AuditService.Data;

/// <summary>Reads the log; rows are written by <see cref="Recording.RecordCopy"/> only.</summary>
internal sealed class AuditDbContext(DbContextOptions<AuditDbContext> options, TenantScope tenants)
    : PlatformDbContext(options, tenants)
{
    public DbSet<AuditRecord> Records => Set<AuditRecord>();

    public DbSet<RequestWindow> RequestWindows => Set<RequestWindow>();

    public DbSet<LegalHold> Holds => Set<LegalHold>();

    public DbSet<DeadLetter> DeadLetters => Set<DeadLetter>();

    protected override void MapTables(ModelBuilder builder)
    {
        builder.Entity<AuditRecord>(MapRecord);
        builder.Entity<RequestWindow>(window =>
        {
            window.ToTable("audit_request_windows", table => table.ExcludeFromMigrations());
            window.HasKey(row => new { row.Run, row.Number });
        });
        builder.AddIdempotency();
        builder.Entity<DeadLetter>(DeadLetterTable.Map);
        builder.Entity<LegalHold>(hold =>
        {
            hold.ToTable("audit_holds");
            hold.HasIndex(row => new { row.TenantId, row.PlacedAt });
        });
    }

    private void MapRecord(EntityTypeBuilder<AuditRecord> record)
    {
        // Made by SQL in the migration: EF Core has no word for a partitioned table.
        record.ToTable("audit_records", table => table.ExcludeFromMigrations());
        record.HasKey(row => new { row.Id, row.OccurredAt });
        record.Property(row => row.Before).HasColumnType("jsonb");
        record.Property(row => row.After).HasColumnType("jsonb");
        record.Property(row => row.Detail).HasColumnType("jsonb");

        // A record of no tenant, an anonymous request's, is seen by the platform alone.
        record.HasQueryFilter(row => Tenants.SeesAll || (row.TenantId != null && row.TenantId == Tenants.TenantId));
    }
}
