using IdentityService.Accounts;
using IdentityService.Pages;

namespace IdentityService.AccountMail;

/// <summary>Asks for a link to set a new password; says the same for every address.</summary>
internal static class ForgotPasswordPage
{
    public const string Path = "/account/forgot-password";

    private static readonly EmailFormatAttribute Format = new();

    public static IResult Show(HttpContext http, PageForm forms) => new Page("Forgotten password", $"""
        <form method="post" action="{Path}">
        {forms.Field(http)}
        <label for="email">E-mail address of your account</label>
        <input id="email" name="email" type="email" autocomplete="email" maxlength="254" required>
        <button>Send a link</button>
        </form>
        """);

    public static async Task<IResult> HandleAsync(
        HttpContext http, MailQuotas quotas, MailRequestSignal signal, PageForm forms, CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        if (form.GetValueOrDefault("email") is { } email && Format.IsValid(email))
        {
            await quotas.NoteAsync(MailRequestKind.PasswordReset, LoginName.Normalize(email), cancellationToken);
            signal.Set();
        }

        return new Page("Look into your mail", $"<p>If an account has this address, a link is on its way there. It can be used for a day.</p>");
    }
}
