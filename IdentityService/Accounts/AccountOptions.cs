using System.ComponentModel.DataAnnotations;

namespace IdentityService.Accounts;

/// <summary>Section <c>Registration</c>.</summary>
internal sealed class RegistrationOptions
{
    /// <summary>Role of a freshly registered user: empty for none, <c>viewer</c> or <c>operator</c>.</summary>
    [RegularExpression("^(viewer|operator)?$", ErrorMessage = "must be empty, viewer or operator")]
    public string DefaultRole { get; init; } = "";

    /// <summary>What an account may do whose address is not proved.</summary>
    public UnverifiedAccess Unverified { get; init; } = UnverifiedAccess.Everything;
}

/// <summary>What an account may do whose address is not proved.</summary>
internal enum UnverifiedAccess
{
    /// <summary>What its roles allow.</summary>
    Everything,

    /// <summary>Look after itself: its roles count from the moment the address is proved.</summary>
    Self,

    /// <summary>Not even sign in.</summary>
    Nothing,
}

/// <summary>Section <c>SignIn</c>: the delay after failed attempts.</summary>
internal sealed class SignInOptions
{
    /// <summary>Failures in a row before the first delay.</summary>
    [Range(3, 100)]
    public int FreeFailures { get; init; } = 5;

    /// <summary>The delay doubles from one second up to this. Short, since anyone can cause it for anyone.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Failures are forgotten after this time without another.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Section <c>Administrator</c>: the account made at the first start. Later changes here change nothing.</summary>
internal sealed class AdministratorOptions
{
    [UserNameFormat]
    public string UserName { get; init; } = "admin";

    [EmailFormat]
    public string Email { get; init; } = "admin@platform.local";

    /// <summary>Required. Held to the same rules as everyone's.</summary>
    [Required(ErrorMessage = "is missing; set a password of at least 12 characters")]
    [AcceptablePassword]
    public string Password { get; init; } = "";
}
