using IdentityService.AccountMail;
using IdentityService.Pages;
using IdentityService.Passkeys;
using ServiceDefaults.Pages;

namespace IdentityService.SignInPages;

/// <summary>How the sign-in page looks: a form for a password, and where the browser can, one for a passkey.</summary>
internal sealed class SignInForm(PasskeyCeremonies passkeys, PageForm forms)
{
    public async Task<Page> MakeAsync(HttpContext http, OpenWay way, string? login, string? fault)
    {
        var field = forms.Field(http);
        var offer = await passkeys.OfferAuthenticationAsync(http, forms.BrowserOf(http));
        return new Page("Sign in", $"""
            {Page.FaultOf(fault)}
            <form method="post" action="{SignInPage.Path}">
            {field}
            {way.Way.Fields}
            <label for="username">User name or e-mail address</label>
            <input id="username" name="username" value="{login}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required>
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
            <button>Sign in</button>
            </form>
            <p><a href="{ForgotPasswordPage.Path}">Forgotten password</a></p>
            {PasskeyForm.Of("get", PasskeySignInPage.Path, offer, $"{field}{way.Way.Fields}", $"""<button class="second">Sign in with a passkey</button>""")}
            """)
        {
            Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
            RedirectUri = way.RedirectUri,
            WithPasskeys = true,
        };
    }
}

/// <summary>A form that our script fills in with a passkey; hidden until the script runs.</summary>
internal static class PasskeyForm
{
    /// <param name="kind"><c>get</c> or <c>create</c>.</param>
    /// <param name="action">Where it is posted.</param>
    /// <param name="offer">For which offer.</param>
    /// <param name="fields">Hidden fields.</param>
    /// <param name="content">What the user sees.</param>
    public static Html Of(string kind, string action, PasskeyOffer offer, Html fields, Html content) => $"""
        <form method="post" action="{action}" data-passkey="{kind}" data-options="{offer.Options.GetRawText()}" hidden>
        {fields}
        <input type="hidden" name="challenge" value="{offer.Challenge}">
        <input type="hidden" name="credential">
        <p class="fault" role="alert" hidden></p>
        {content}
        </form>
        """;

    /// <summary>What such a form brought.</summary>
    public static PasskeyAnswer AnswerOf(Dictionary<string, string> form) =>
        new(form.GetValueOrDefault("challenge") ?? "", form.GetValueOrDefault("credential") ?? "");
}
