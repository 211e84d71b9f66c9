using System.Text.Json;
using DeviceService.Connectivity;
using DeviceService.Devices;
using DeviceService.Enrollment;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Npgsql;

namespace DeviceService.Data;

internal static class DeviceMapping
{
    /// <summary>Every key that ever belonged to a device, so that a second device can never come with it.</summary>
    private const string KeysPrimaryKey = "pk_device_keys";

    private static readonly ValueComparer<Dictionary<string, string>> SameEntries = new(
        (left, right) => left!.Count == right!.Count && !left.Except(right).Any(),
        map => map.Aggregate(0, (hash, entry) => hash ^ HashCode.Combine(entry.Key, entry.Value)),
        map => new Dictionary<string, string>(map));

    /// <summary>Whether the database refused a save because a device already has, or had, that public key.</summary>
    public static bool IsKeyInUse(DbUpdateException fault) =>
        fault.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: KeysPrimaryKey };

    public static ModelBuilder MapDevices(this ModelBuilder builder)
    {
        builder.Entity<Device>(device =>
        {
            device.ToTable("devices");
            device.Property(row => row.Id).ValueGeneratedNever();
            device.Property(row => row.Name).HasMaxLength(DeviceLimits.Name);
            device.Property(row => row.Group).HasColumnName("GroupName").HasMaxLength(DeviceLimits.Group);
            device.Property(row => row.Profile).HasMaxLength(DeviceLimits.Profile);
            device.Property(row => row.Status).HasConversion<string>().HasMaxLength(20);
            device.Property(row => row.KeyThumbprint).HasMaxLength(DeviceLimits.Thumbprint);
            device.Property(row => row.Version).IsConcurrencyToken();
            device.Property(row => row.Attributes).HasColumnType("jsonb").HasConversion(
                map => JsonSerializer.Serialize(map, JsonSerializerOptions.Default),
                text => JsonSerializer.Deserialize<Dictionary<string, string>>(text, JsonSerializerOptions.Default)!,
                SameEntries);
            device.HasIndex(row => new { row.TenantId, row.EnrolledAt, row.Id }).IsDescending(false, true, true);
            device.HasIndex(row => new { row.TenantId, row.Group, row.EnrolledAt, row.Id }).IsDescending(false, false, true, true);
        });
        builder.Entity<DeviceKey>(key =>
        {
            key.ToTable("device_keys");
            key.HasKey(row => row.Thumbprint).HasName(KeysPrimaryKey);
            key.Property(row => row.Thumbprint).HasMaxLength(DeviceLimits.Thumbprint);
            key.HasOne<Device>().WithMany().HasForeignKey(row => row.DeviceId).OnDelete(DeleteBehavior.Restrict);
            key.HasIndex(row => row.DeviceId);
        });
        return builder;
    }

    public static ModelBuilder MapEnrollment(this ModelBuilder builder)
    {
        builder.Entity<EnrollmentToken>(token =>
        {
            token.ToTable("enrollment_tokens");
            token.Property(row => row.Id).ValueGeneratedNever();
            token.Property(row => row.Name).HasMaxLength(DeviceLimits.Name);
            token.Property(row => row.Group).HasColumnName("GroupName").HasMaxLength(DeviceLimits.Group);
            token.Property(row => row.CreatedBy).HasMaxLength(200);
            token.HasIndex(row => row.Hash).IsUnique();
            token.HasIndex(row => new { row.TenantId, row.CreatedAt, row.Id }).IsDescending(false, true, true);
        });
        builder.Entity<UsedProof>(proof =>
        {
            proof.ToTable("used_proofs");
            proof.HasKey(row => new { row.Thumbprint, row.ProofId });
            proof.Property(row => row.Thumbprint).HasMaxLength(DeviceLimits.Thumbprint);
            proof.Property(row => row.ProofId).HasMaxLength(KeyProof.LongestId);
        });
        return builder;
    }

    public static ModelBuilder MapConnectivity(this ModelBuilder builder)
    {
        builder.Entity<DeviceSignal>(signal =>
        {
            signal.ToTable("device_signals");
            signal.HasKey(row => row.DeviceId);
            signal.Property(row => row.Profile).HasMaxLength(DeviceLimits.Profile);
            signal.Property(row => row.State).HasConversion<short>();
            signal.Property(row => row.PreviousState).HasConversion<short>();
            signal.Property(row => row.ReportedStatus).HasMaxLength(DeviceLimits.ReportedStatus);
            signal.Property(row => row.ReportedVersion).HasMaxLength(DeviceLimits.ReportedVersion);
            signal.HasOne<Device>().WithOne().HasForeignKey<DeviceSignal>(row => row.DeviceId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Receiver>(receiver =>
        {
            receiver.ToTable("receivers");
            receiver.Property(row => row.Id).ValueGeneratedNever();
        });
        return builder;
    }
}
