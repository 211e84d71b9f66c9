using IdentityService.Pages;

namespace IdentityService.AccountMail;

/// <summary>
/// Where a mailed link leads. Showing it uses nothing up, since programs that look for harm in mails follow links; the
/// button does.
/// </summary>
internal static class VerifyEmailPage
{
    public const string Path = "/account/verify-email";

    public static async Task<IResult> ShowAsync(
        HttpContext http, string? token, AccountLinks links, PageForm forms, CancellationToken cancellationToken) =>
        await links.IsLivingAsync(token, AccountLinkPurpose.Email, cancellationToken)
            ? new Page("Confirm your e-mail address", $"""
                <form method="post" action="{Path}">
                {forms.Field(http)}
                <input type="hidden" name="token" value="{token}">
                <button>Confirm</button>
                </form>
                """)
            : LinkPages.OutOfDate();

    public static async Task<IResult> HandleAsync(
        HttpContext http, EmailVerification verification, PageForm forms, CancellationToken cancellationToken) =>
        await forms.ReadAsync(http, cancellationToken) is not { } form
            ? PageForm.Refused()
            : await verification.ApplyAsync(form.GetValueOrDefault("token"), cancellationToken) switch
            {
                EmailVerificationResult.Verified => new Page("Thank you", $"<p>Your e-mail address is confirmed.</p>"),
                EmailVerificationResult.Taken => new Page("This address is taken", $"<p>Another account has this e-mail address.</p>")
                {
                    Status = StatusCodes.Status409Conflict,
                },
                _ => LinkPages.OutOfDate(),
            };
}

/// <summary>What the pages of mailed links share.</summary>
internal static class LinkPages
{
    public static Page OutOfDate() => new("This link is out of date", $"<p>It was used, it is too old, or a newer one was sent. Ask for a new one.</p>")
    {
        Status = StatusCodes.Status400BadRequest,
    };
}
