namespace ServiceDefaults.Data;

/// <summary>A row that belongs to a tenant; queries see it only within that tenant's <see cref="TenantScope"/>.</summary>
public interface ITenantOwned
{
    /// <summary>The owner.</summary>
    Guid TenantId { get; }
}
