using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AuditService.DeadLetters;

/// <summary>The table of dead letters: each filter has an index that ends in the list's order.</summary>
internal static class DeadLetterTable
{
    public static void Map(EntityTypeBuilder<DeadLetter> letter)
    {
        letter.ToTable("dead_letters");
        letter.Property(row => row.Queue).HasMaxLength(300);
        letter.Property(row => row.Service).HasMaxLength(300);
        letter.Property(row => row.EventType).HasMaxLength(300);
        letter.Property(row => row.FaultType).HasMaxLength(300);
        letter.Property(row => row.State).HasMaxLength(20);
        letter.Property(row => row.Headers).HasColumnType("jsonb");
        letter.HasIndex(row => row.Fingerprint).IsUnique();
        letter.HasIndex(row => row.EventId).HasFilter("event_id IS NOT NULL");
        letter.HasIndex(row => row.DecidedAt).HasFilter("decided_at IS NOT NULL");
        letter.HasIndex(row => new { row.State, row.FailedAt, row.Id });
        letter.HasIndex(row => new { row.Queue, row.State, row.FailedAt, row.Id });
        letter.HasIndex(row => new { row.Service, row.State, row.FailedAt, row.Id });
        letter.HasIndex(row => new { row.EventType, row.State, row.FailedAt, row.Id });
        letter.HasIndex(row => new { row.FaultType, row.State, row.FailedAt, row.Id });
        letter.HasIndex(row => new { row.TenantId, row.State, row.FailedAt, row.Id });
    }
}
