using IdentityService.Pages;
using IdentityService.Passkeys;
using IdentityService.Sessions;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.SignInPages;

/// <summary>Adds and removes passkeys on the account's page.</summary>
internal sealed class PasskeyPages(BrowserSessions browsers, PasskeyList passkeys, PasskeyCeremonies ceremonies, AccountPage account, Caller caller)
{
    public static async Task<IResult> AddAsync(HttpContext http, PasskeyPages pages, PageForm forms, CancellationToken cancellationToken) =>
        await forms.ReadAsync(http, cancellationToken) is { } form
            ? await pages.ChangeAsync(http, browser => pages.AddAsync(http, browser, form, cancellationToken), cancellationToken)
            : PageForm.Refused();

    public static async Task<IResult> RemoveAsync(HttpContext http, PasskeyPages pages, PageForm forms, CancellationToken cancellationToken) =>
        await forms.ReadAsync(http, cancellationToken) is { } form
            ? await pages.ChangeAsync(http, browser => pages.RemoveAsync(browser, form.GetValueOrDefault("id") ?? "", cancellationToken), cancellationToken)
            : PageForm.Refused();

    private async Task<IResult> ChangeAsync(HttpContext http, Func<BrowserSession, Task<string?>> change, CancellationToken cancellationToken)
    {
        if (await browsers.FindAsync(http, cancellationToken) is not { } browser)
        {
            return new SeeOther(SignInPage.Path);
        }

        return account.IsRecent(browser) && await change(browser) is { } fault
            ? await account.MakeAsync(http, browser, fault, cancellationToken)
            : new SeeOther(AccountPage.Path);
    }

    private async Task<string?> AddAsync(HttpContext http, BrowserSession browser, Dictionary<string, string> form, CancellationToken cancellationToken)
    {
        var name = form.GetValueOrDefault("name")?.Trim() ?? "";
        if (name.Length is 0 or > PasskeyList.LongestName || name.Any(char.IsControl) || await passkeys.IsFullAsync(browser.User.Id, cancellationToken))
        {
            return "Choose a name of 1 to 64 plain characters.";
        }

        return await ceremonies.RegisterAsync(PasskeyForm.AnswerOf(form), browser.User.Id, browser.Session.Id, http) is { } passkey
            && await passkeys.AddAsync(browser.User, passkey, name, EnvelopeOf(browser), cancellationToken)
                ? null
                : "The passkey could not be added, or it took too long. Try again.";
    }

    private async Task<string?> RemoveAsync(BrowserSession browser, string id, CancellationToken cancellationToken)
    {
        if (await passkeys.FindAsync(browser.User.Id, id, cancellationToken) is { } passkey)
        {
            await passkeys.RemoveAsync(passkey, EnvelopeOf(browser), cancellationToken);
        }

        return null;
    }

    private EventEnvelope EnvelopeOf(BrowserSession browser) => caller.Envelope(browser.Actor, browser.User.TenantId, browser.Session.Id.ToString());
}
