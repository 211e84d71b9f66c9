namespace IdentityService.Accounts;

/// <summary>An organisation whose data others never see.</summary>
internal sealed class Tenant
{
    public Guid Id { get; init; }

    public string Name { get; init; } = "";

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
