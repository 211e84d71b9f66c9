using IdentityService.Accounts;
using IdentityService.Pages;
using IdentityService.SignInPages;
using ServiceDefaults.Pages;

namespace IdentityService.AccountMail;

/// <summary>Where the link for a new password leads. Showing it uses nothing up; the form does.</summary>
internal static class ResetPasswordPage
{
    public const string Path = "/account/reset-password";

    private const string EndApiKeys = "revoke_api_keys";

    public static async Task<IResult> ShowAsync(
        HttpContext http, string? token, AccountLinks links, PageForm forms, CancellationToken cancellationToken) =>
        await links.IsLivingAsync(token, AccountLinkPurpose.Password, cancellationToken)
            ? Form(token!, fault: null, forms.Field(http))
            : LinkPages.OutOfDate();

    public static async Task<IResult> HandleAsync(
        HttpContext http, PasswordReset reset, PageForm forms, CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        var (token, password) = (form.GetValueOrDefault("token") ?? "", form.GetValueOrDefault("password") ?? "");
        if (PasswordPolicy.FaultOf(password, userName: null, email: null) is { } early)
        {
            return Form(token, early, forms.Field(http));
        }

        return await reset.ApplyAsync(token, password, form.ContainsKey(EndApiKeys), cancellationToken) switch
        {
            { Done: true } => new Page("Your password is set", $"""
                <p>Every session has ended. Sign in with the new password.</p>
                <p><a href="{SignInPage.Path}">Sign in</a></p>
                """),
            { Fault: { } fault } => Form(token, fault, forms.Field(http)),
            _ => LinkPages.OutOfDate(),
        };
    }

    private static Page Form(string token, string? fault, Html field) => new(
        "Set a new password",
        $"""
        {FaultOf(fault)}
        <form method="post" action="{Path}">
        {field}
        <input type="hidden" name="token" value="{token}">
        <label for="password">New password, {PasswordPolicy.Shortest.ToString(System.Globalization.CultureInfo.InvariantCulture)} characters or more</label>
        <input id="password" name="password" type="password" autocomplete="new-password" maxlength="256" required>
        <label class="choice"><input name="{EndApiKeys}" type="checkbox" value="1"> End my API keys, too: somebody else may have been in my account</label>
        <button>Set password</button>
        </form>
        """)
    {
        Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
    };

    private static Html FaultOf(string? fault) =>
        fault is null ? Html.Nothing : $"""<p class="fault" role="alert">The password {fault}.</p>""";
}
