using System.Reflection;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Data;

/// <summary>
/// A service's database: its own tables plus outbox and inbox, snake_case names, and a tenant filter on every
/// <see cref="ITenantOwned"/> entity.
/// </summary>
public abstract class PlatformDbContext(DbContextOptions options, TenantScope tenants) : DbContext(options)
{
    private static readonly MethodInfo Filter =
        typeof(PlatformDbContext).GetMethod(nameof(FilterByTenant), BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>Whose rows this context sees.</summary>
    protected TenantScope Tenants { get; } = tenants;

    /// <summary>Maps the service's own tables.</summary>
    protected abstract void MapTables(ModelBuilder builder);

    /// <inheritdoc />
    protected sealed override void OnModelCreating(ModelBuilder modelBuilder)
    {
        MapTables(modelBuilder);
        modelBuilder.AddMessaging();
        foreach (var entity in modelBuilder.Model.GetEntityTypes().ToList())
        {
            if (entity.ClrType.IsAssignableTo(typeof(ITenantOwned)))
            {
                Filter.MakeGenericMethod(entity.ClrType).Invoke(this, [modelBuilder]);
            }
        }

        modelBuilder.UseSnakeCaseNames();
    }

    private void FilterByTenant<TEntity>(ModelBuilder builder)
        where TEntity : class, ITenantOwned =>
        builder.Entity<TEntity>().HasQueryFilter(entity => Tenants.SeesAll || entity.TenantId == Tenants.TenantId);
}
