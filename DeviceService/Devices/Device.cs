using ServiceDefaults.Data;

namespace DeviceService.Devices;

/// <summary>A machine of a tenant's fleet, known by its key.</summary>
internal sealed class Device : ITenantOwned
{
    private Device()
    {
    }

    /// <summary>Also its <c>client_id</c> and the <c>sub</c> of its tokens.</summary>
    public Guid Id { get; private init; }

    public Guid TenantId { get; private init; }

    public string Name { get; private set; } = "";

    public string? Group { get; private set; }

    public string Profile { get; private init; } = "";

    public Dictionary<string, string> Attributes { get; private set; } = [];

    public DeviceStatus Status { get; private set; }

    /// <summary>The key it signs with now; older ones are rows of <see cref="DeviceKey"/>.</summary>
    public string KeyThumbprint { get; private set; } = "";

    public Guid EnrollmentTokenId { get; private init; }

    public DateTimeOffset EnrolledAt { get; private init; }

    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>Grows with every change; the ETag. Heartbeats don't count.</summary>
    public int Version { get; private set; }

    public static Device Enroll(EnrolledAs how, string keyThumbprint, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        TenantId = how.TenantId,
        Name = how.Name,
        Group = how.Group,
        Profile = how.Profile,
        Attributes = how.Attributes,
        Status = how.RequiresApproval ? DeviceStatus.PendingApproval : DeviceStatus.Active,
        KeyThumbprint = keyThumbprint,
        EnrollmentTokenId = how.EnrollmentTokenId,
        EnrolledAt = now,
        UpdatedAt = now,
        Version = 1,
    };

    /// <summary>False unless it waits for approval.</summary>
    public bool TryDecide(bool approve, DateTimeOffset now)
    {
        if (Status != DeviceStatus.PendingApproval)
        {
            return false;
        }

        Status = approve ? DeviceStatus.Active : DeviceStatus.Rejected;
        Touch(now);
        return true;
    }

    /// <summary>False for a device that has left already.</summary>
    public bool TryDecommission(DateTimeOffset now)
    {
        if (Status == DeviceStatus.Decommissioned)
        {
            return false;
        }

        Status = DeviceStatus.Decommissioned;
        Touch(now);
        return true;
    }

    /// <summary>False unless it is active: nobody else may act with a key.</summary>
    public bool TryTakeKey(string keyThumbprint, DateTimeOffset now)
    {
        if (Status != DeviceStatus.Active)
        {
            return false;
        }

        KeyThumbprint = keyThumbprint;
        Touch(now);
        return true;
    }

    public void Describe(string name, string? group, Dictionary<string, string> attributes, DateTimeOffset now)
    {
        Name = name;
        Group = group;
        Attributes = attributes;
        Touch(now);
    }

    private void Touch(DateTimeOffset now)
    {
        UpdatedAt = now;
        Version++;
    }
}

/// <summary>What an enrolment decides about a device.</summary>
internal sealed record EnrolledAs(
    Guid TenantId,
    Guid EnrollmentTokenId,
    string Name,
    string? Group,
    string Profile,
    Dictionary<string, string> Attributes,
    bool RequiresApproval);

/// <summary>Where a device is in its life.</summary>
public enum DeviceStatus
{
    PendingApproval,
    Active,
    Rejected,
    Decommissioned,
}
