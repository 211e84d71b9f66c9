using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using NotificationService.Inbox;
using NotificationService.Queue;
using ServiceDefaults.Data;

namespace NotificationService.Data;

/// <summary>The queue, its attempts, and the inboxes.</summary>
internal sealed class NotificationDbContext(DbContextOptions<NotificationDbContext> options, TenantScope tenants)
    : PlatformDbContext(options, tenants)
{
    public DbSet<Notification> Notifications => Set<Notification>();

    public DbSet<DeliveryAttempt> Attempts => Set<DeliveryAttempt>();

    public DbSet<InboxEntry> Inbox => Set<InboxEntry>();

    protected override void MapTables(ModelBuilder builder)
    {
        builder.Entity<Notification>(notification =>
        {
            notification.ToTable("notifications");
            notification.Property(row => row.Kind).HasMaxLength(100);
            notification.Property(row => row.Channel).HasMaxLength(20);
            notification.Property(row => row.Payload).HasColumnType("jsonb").HasConversion(
                payload => JsonSerializer.Serialize(payload, JsonSerializerOptions.Default),
                json => JsonSerializer.Deserialize<Dictionary<string, string>>(json, JsonSerializerOptions.Default)!,
                new ValueComparer<Dictionary<string, string>>(
                    (one, other) => ReferenceEquals(one, other), payload => payload.Count, payload => payload));
            notification.Property(row => row.Status).HasMaxLength(20)
                .HasConversion(status => status.Text(), text => NotificationStatusText.Parse(text));
            notification.Property(row => row.DedupeKey).HasMaxLength(120);
            notification.Property(row => row.TraceParent).HasMaxLength(55);
            notification.Property(row => row.Xmin).IsRowVersion();
            notification.HasIndex(row => row.DedupeKey).IsUnique();
            notification.HasIndex(row => row.DueAt).HasFilter("status IN ('pending', 'failed', 'sending')");
            notification.HasIndex(row => new { row.TenantId, row.CreatedAt, row.Id }).IsDescending(false, true, true);
            notification.HasIndex(row => new { row.TenantId, row.Status, row.CreatedAt, row.Id }).IsDescending(false, false, true, true);
            notification.HasIndex(row => new { row.CreatedAt, row.Id }).IsDescending(true, true);
        });
        builder.Entity<DeliveryAttempt>(attempt =>
        {
            attempt.ToTable("delivery_attempts");
            attempt.Property(row => row.Outcome).HasMaxLength(20);
            attempt.HasIndex(row => new { row.NotificationId, row.Number });
            attempt.HasOne<Notification>().WithMany().HasForeignKey(row => row.NotificationId);
        });
        builder.Entity<InboxEntry>(entry =>
        {
            entry.ToTable("inbox_entries");
            entry.Property(row => row.Kind).HasMaxLength(100);
            entry.Property(row => row.Position).ValueGeneratedOnAdd().HasDefaultValueSql("0");
            entry.Property(row => row.DedupeKey).HasMaxLength(120);
            entry.HasIndex(row => row.DedupeKey).IsUnique();
            entry.HasIndex(row => new { row.UserId, row.CreatedAt, row.Id }).IsDescending(false, true, true);
            entry.HasIndex(row => new { row.UserId, row.Position }).IsUnique();
            entry.HasIndex(row => new { row.UserId, row.CreatedAt, row.Id }, "ix_inbox_entries_unread")
                .IsDescending(false, true, true).HasFilter("read_at IS NULL");
        });
    }
}
