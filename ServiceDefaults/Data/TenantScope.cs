namespace ServiceDefaults.Data;

/// <summary>
/// The tenant that the queries of one request, message or job see. Nothing is seen before it is entered: a forgotten
/// scope returns no rows instead of everybody's.
/// </summary>
public sealed class TenantScope
{
    /// <summary>The tenant, or null when none has been entered.</summary>
    public Guid? TenantId { get; private set; }

    /// <summary>Whether rows of every tenant are seen: for a platform administrator and for the platform's own jobs.</summary>
    public bool SeesAll { get; private set; }

    /// <summary>Limits the scope to one tenant.</summary>
    public void Enter(Guid tenantId)
    {
        TenantId = tenantId;
        SeesAll = false;
    }

    /// <summary>Lifts the limit. For the platform's own jobs and its administrators.</summary>
    public void EnterAll() => SeesAll = true;
}
