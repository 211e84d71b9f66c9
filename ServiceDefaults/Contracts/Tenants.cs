namespace ServiceDefaults.Contracts;

/// <summary>Well-known tenants.</summary>
public static class Tenants
{
    /// <summary>The tenant that exists from the first start: where people land who register without an invitation.</summary>
    public static readonly Guid Default = new("00000000-0000-0000-0000-000000000001");
}
