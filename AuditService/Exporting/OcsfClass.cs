namespace AuditService.Exporting;

/// <summary>
/// Class and activity of the Open Cybersecurity Schema Framework that an action is told as. By the action's name, so
/// that one this build has never met has its place too.
/// </summary>
/// <param name="Category">Uid of the category.</param>
/// <param name="Class">Uid of the class.</param>
/// <param name="Activity">Uid of the activity within it; 99 for one that the class does not name.</param>
internal readonly record struct OcsfClass(int Category, int Class, int Activity)
{
    public const int AccountChange = 3001;
    public const int Authentication = 3002;
    public const int EntityManagement = 3004;
    public const int ApiActivity = 6003;

    private const int Identity = 3;
    private const int Application = 6;
    private const int Other = 99;

    /// <summary>Uid of class and activity together.</summary>
    public int Type => (Class * 100) + Activity;

    public static OcsfClass Of(string action, string? method) => action switch
    {
        "api.request" => new(Application, ApiActivity, OfMethod(method)),
        "user.login" or "user.login_failed" => new(Identity, Authentication, 1),
        "user.logout" => new(Identity, Authentication, 2),
        "device.token_issued" or "client.token_issued" or "client.authentication_failed" => new(Identity, Authentication, 1),
        _ when Begins(action, "token.", "session.", "authorization.") => new(Identity, Authentication, Other),
        "user.registered" or "user.created" => new(Identity, AccountChange, 1),
        "user.enabled" => new(Identity, AccountChange, 2),
        "user.password_changed" => new(Identity, AccountChange, 3),
        "user.password_reset" or "user.password_reset_forced" => new(Identity, AccountChange, 4),
        "user.disabled" => new(Identity, AccountChange, 5),
        "user.deleted" => new(Identity, AccountChange, 6),
        _ when Begins(action, "user.") => new(Identity, AccountChange, Other),
        _ => new(Identity, EntityManagement, OfName(action)),
    };

    private static bool Begins(string action, params ReadOnlySpan<string> beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (action.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static int OfMethod(string? method) => method switch
    {
        "POST" => 1,
        "GET" or "HEAD" => 2,
        "PUT" or "PATCH" => 3,
        "DELETE" => 4,
        _ => Other,
    };

    private static int OfName(string action) => action[(action.LastIndexOf('.') + 1)..] switch
    {
        "created" or "enrolled" or "hold_placed" => 1,
        "read" => 2,
        "updated" or "approved" or "rejected" or "key_rotated" or "rotated" or "secret_rotated" => 3,
        "deleted" or "decommissioned" or "revoked" or "partition_dropped" or "subject_erased" or "hold_released" => 4,
        _ => Other,
    };
}
