namespace IdentityService.Accounts;

/// <summary>An organisation whose data others never see.</summary>
internal sealed class Tenant
{
    public Guid Id { get; init; }

    public string Name { get; set; } = "";

    /// <summary>UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; null while its people, devices and applications are let in.</summary>
    public DateTimeOffset? DisabledAt { get; private set; }

    /// <summary>Grows with every change.</summary>
    public long Version { get; private set; }

    /// <summary>Sets name and state; true when that keeps its people out from now on.</summary>
    public bool Update(string name, bool disabled, DateTimeOffset now)
    {
        var ends = disabled && DisabledAt is null;
        Name = name;
        DisabledAt = disabled ? DisabledAt ?? now : null;
        Version++;
        return ends;
    }
}
