using System.Globalization;
using IdentityService.Pages;
using IdentityService.Passkeys;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using IdentityService.SigningOut;
using Microsoft.Extensions.Options;
using ServiceDefaults.Pages;

namespace IdentityService.SignInPages;

/// <summary>Says who is signed in here, and with which passkeys they can be; one who has just signed in can change these.</summary>
internal sealed class AccountPage(
    PasskeyList passkeys, PasskeyCeremonies ceremonies, PageForm forms, IOptions<SecondFactorOptions> options, TimeProvider time)
{
    public const string Path = "/account";
    public const string PasskeyPath = "/account/passkeys";
    public const string PasskeyRemovalPath = "/account/passkeys/remove";

    public static async Task<IResult> ShowAsync(HttpContext http, BrowserSessions browsers, AccountPage page, CancellationToken cancellationToken) =>
        await browsers.FindAsync(http, cancellationToken) is { } browser
            ? await page.MakeAsync(http, browser, fault: null, cancellationToken)
            : new SeeOther(SignInPage.Path);

    /// <summary>Whether the user has just proved who they are, with all they have.</summary>
    public bool IsRecent(BrowserSession browser) => time.GetUtcNow() - options.Value.RecentFor
        <= (browser.User.TwoFactorEnabled ? browser.Session.SecondFactorAt : browser.Session.AuthenticatedAt);

    public async Task<Page> MakeAsync(HttpContext http, BrowserSession browser, string? fault, CancellationToken cancellationToken)
    {
        var field = forms.Field(http);
        var known = await passkeys.OfAsync(browser.User.Id, cancellationToken);
        var recent = IsRecent(browser);
        return new Page("Your account", $"""
            {Page.FaultOf(fault)}
            <p>You are signed in as <strong>{browser.User.UserName}</strong>.</p>
            <form method="post" action="{SignOut.Path}">
            {field}
            <button class="second">Sign out</button>
            </form>
            <h2>Passkeys</h2>
            {(known.Count == 0 ? NoPasskeys : ListOf(known.Select(passkey => Item(passkey, recent, field))))}
            {(!recent ? SignInAgain(browser) : known.Count < PasskeyList.Most ? await AddingAsync(http, browser, field) : Html.Nothing)}
            """)
        {
            Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
            WithPasskeys = true,
        };
    }

    private static Html NoPasskeys =>
        $"<p>You have none. With one you sign in by fingerprint, face or PIN of your device, without a password.</p>";

    private static Html ListOf(IEnumerable<Html> items) => $"""<ul class="list">{items}</ul>""";

    private static Html SignInAgain(BrowserSession browser) => $"""
        <p>To change your passkeys, <a href="{(browser.User.TwoFactorEnabled ? SecondFactorPage.StepUpPath : SignInPage.Path)}">show that it is you</a>.</p>
        """;

    private static Html Item(PasskeyView passkey, bool removable, Html field) => $"""
        <li>
        <span>{passkey.Name} <small>since {passkey.CreatedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}</small></span>
        {(removable ? Removal(passkey, field) : Html.Nothing)}
        </li>
        """;

    private static Html Removal(PasskeyView passkey, Html field) => $"""
        <form method="post" action="{PasskeyRemovalPath}">
        {field}
        <input type="hidden" name="id" value="{passkey.Id}">
        <button class="small" aria-label="Remove {passkey.Name}">Remove</button>
        </form>
        """;

    private async Task<Html> AddingAsync(HttpContext http, BrowserSession browser, Html field) => PasskeyForm.Of(
        "create",
        PasskeyPath,
        await ceremonies.OfferRegistrationAsync(browser.User, browser.Session.Id, http),
        field,
        $"""
        <label for="name">Name of the new passkey</label>
        <input id="name" name="name" value="This device" maxlength="64" required>
        <button>Add a passkey</button>
        """);
}
