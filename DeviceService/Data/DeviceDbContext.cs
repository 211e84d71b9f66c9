using DeviceService.Connectivity;
using DeviceService.Devices;
using DeviceService.Enrollment;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;

namespace DeviceService.Data;

internal sealed class DeviceDbContext(DbContextOptions<DeviceDbContext> options, TenantScope tenants)
    : PlatformDbContext(options, tenants)
{
    public DbSet<Device> Devices => Set<Device>();

    public DbSet<DeviceKey> DeviceKeys => Set<DeviceKey>();

    public DbSet<EnrollmentToken> EnrollmentTokens => Set<EnrollmentToken>();

    public DbSet<DeviceSignal> Signals => Set<DeviceSignal>();

    protected override void MapTables(ModelBuilder builder) => builder.MapDevices().MapEnrollment().MapConnectivity().AddIdempotency();
}
