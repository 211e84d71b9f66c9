using Microsoft.AspNetCore.Identity;
using ServiceDefaults.Authentication;

namespace IdentityService.Accounts;

/// <summary>A named set of scopes. The set is fixed by the platform; who has which role is data.</summary>
internal sealed class Role : IdentityRole<Guid>
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Admin = "admin";

    /// <summary>Across tenants.</summary>
    public const string PlatformAdmin = "platform-admin";

    /// <summary>Of a device's token only; no user has it.</summary>
    public const string Device = "device";

    private static readonly string[] Reading = [Scopes.DevicesRead, Scopes.NotificationsRead, Scopes.AuditRead];
    private static readonly string[] Operating = [.. Reading, Scopes.DevicesWrite, Scopes.NotificationsAdmin];
    private static readonly string[] Administering = [.. Operating, Scopes.IdentityAdmin, Scopes.AuditAdmin];

    /// <summary>Roles that exist from the first migration. Ids are constants, since they are part of the schema.</summary>
    public static IReadOnlyList<Role> Seeded { get; } =
    [
        Of(1, Viewer),
        Of(2, Operator),
        Of(3, Admin),
        Of(4, PlatformAdmin),
    ];

    /// <summary>The scopes of a user with these roles, sorted: every user may look after the own account.</summary>
    public static IReadOnlyList<string> ScopesOf(IEnumerable<string> roles) =>
        [.. roles.SelectMany(ScopesOf).Append(Scopes.IdentitySelf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static string[] ScopesOf(string role) => role switch
    {
        Viewer => Reading,
        Operator => Operating,
        Admin => Administering,
        PlatformAdmin => [.. Administering, Scopes.Platform],
        _ => [],
    };

    private static Role Of(byte number, string name) => new()
    {
        Id = new Guid($"00000000-0000-0000-0000-0000000001{number:x2}"),
        Name = name,
        NormalizedName = name.ToUpperInvariant(),
        ConcurrencyStamp = name,
    };
}
