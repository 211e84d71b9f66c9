using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Sessions;
using ServiceDefaults.Authentication;

namespace IdentityService.SignInPages;

/// <summary>Notes that the user of a browser has proved anew who they are.</summary>
internal sealed class PageStepUp(IdentityDb database, Caller caller, IdentityMetrics metrics, TimeProvider time)
{
    /// <summary>The save is the page's.</summary>
    public void Apply(BrowserSession browser, string[] methods)
    {
        browser.Session.SteppedUp(time.GetInstant(), methods);
        metrics.SteppedUp();
        database.AddAudit(
            caller.Envelope(browser.Actor, browser.User.TenantId, browser.Session.Id.ToString()),
            "user.stepped_up",
            "user",
            browser.User.Id.ToString(),
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["methods"] = string.Join(' ', methods) });
    }
}
