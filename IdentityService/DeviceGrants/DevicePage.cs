using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Pages;
using IdentityService.Sessions;
using IdentityService.SignInPages;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Pages;

namespace IdentityService.DeviceGrants;

/// <summary>
/// Where a user allows a device in (RFC 8628 section 3.3): types its code, sees which application it is and what it wants,
/// and compares the code once more, since a link with a code may come from an attacker (section 5.4). Wrong codes are
/// slowed down by account and by address (section 5.1).
/// </summary>
internal sealed class DevicePage(
    IdentityDb database, BrowserSessions browsers, SignInThrottle throttle, Caller caller, TimeProvider time)
{
    public const string Path = "/account/device";

    public static Task<IResult> ShowAsync(
        HttpContext http, string? user_code, DevicePage page, PageForm forms, CancellationToken cancellationToken) =>
        page.ShowAsync(http, user_code, forms, cancellationToken);

    public static async Task<IResult> HandleAsync(HttpContext http, DevicePage page, PageForm forms, CancellationToken cancellationToken) =>
        await forms.ReadAsync(http, cancellationToken) is { } form
            ? await page.DecideAsync(http, form, forms, cancellationToken)
            : PageForm.Refused();

    private async Task<IResult> ShowAsync(HttpContext http, string? typed, PageForm forms, CancellationToken cancellationToken)
    {
        if (await browsers.FindAsync(http, cancellationToken) is not { } browser)
        {
            return new SeeOther($"{SignInPage.Path}?user_code={Uri.EscapeDataString(DeviceGrant.Normalize(typed))}");
        }

        if (DeviceGrant.Normalize(typed) is not { Length: > 0 } code)
        {
            return DeviceForms.Entry(fault: null);
        }

        var (found, fault) = await FindAsync(code, browser, cancellationToken);
        return found is var (grant, client) ? DeviceForms.Question(grant, client, browser, forms.Field(http)) : DeviceForms.Entry(fault);
    }

    private async Task<IResult> DecideAsync(
        HttpContext http, Dictionary<string, string> form, PageForm forms, CancellationToken cancellationToken)
    {
        var code = DeviceGrant.Normalize(form.GetValueOrDefault("user_code"));
        if (await browsers.FindAsync(http, cancellationToken) is not { } browser || form.GetValueOrDefault("decision") is not { } decision)
        {
            return await ShowAsync(http, code, forms, cancellationToken);
        }

        var (found, fault) = await FindAsync(code, browser, cancellationToken);
        if (found is not var (grant, client))
        {
            return DeviceForms.Entry(fault);
        }

        var allow = decision == "allow";
        grant.Decide(allow, browser.Session.Id);
        database.AddAudit(
            caller.Envelope(browser.Actor, browser.User.TenantId, browser.Session.Id.ToString()),
            allow ? "device_grant.approved" : "device_grant.denied",
            "client",
            client.Id.ToString(),
            allow ? AuditResult.Success : AuditResult.Denied,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["scope"] = string.Join(' ', grant.Scopes) });
        await database.SaveChangesAsync(cancellationToken);
        return DeviceForms.Done(client, allow);
    }

    private async Task<((DeviceGrant Grant, Client Client)? Found, string? Fault)> FindAsync(
        string code, BrowserSession browser, CancellationToken cancellationToken)
    {
        string[] keys = [$"user-code:{browser.User.Id}", $"user-code:{caller.Address}"];
        foreach (var key in keys)
        {
            if (await throttle.BlockedForAsync(key, cancellationToken) is not null)
            {
                return (null, "Too many wrong codes. Try again later.");
            }
        }

        var now = time.GetUtcNow();
        if (await database.DeviceGrants.SingleOrDefaultAsync(
                row => row.UserCode == code && row.Status == DeviceGrantStatus.Pending && row.ExpiresAt > now, cancellationToken) is { } grant
            && await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == grant.ClientId, cancellationToken) is { DisabledAt: null } client
            && (client.AllTenants || client.TenantId == browser.User.TenantId))
        {
            return ((grant, client), null);
        }

        foreach (var key in keys)
        {
            await throttle.CountFailureAsync(key, cancellationToken);
        }

        return (null, "This code is not known, or it has expired. Check it on your device.");
    }
}

/// <summary>How the page looks.</summary>
internal static class DeviceForms
{
    public static Page Entry(string? fault) => new(
        "Connect a device",
        $"""
        {Page.FaultOf(fault)}
        <form method="get" action="{DevicePage.Path}">
        <label for="user_code">Code shown on your device</label>
        <input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required>
        <button>Continue</button>
        </form>
        """)
    {
        Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
    };

    public static Page Question(DeviceGrant grant, Client client, BrowserSession browser, Html field) => new(
        $"Connect {client.Name}?",
        $"""
        <p>Your device must show this code now. If it does not, or if somebody sent you this link, deny.</p>
        <p class="code">{DeviceGrant.Show(grant.UserCode)}</p>
        <p>You are signed in as <strong>{browser.User.UserName}</strong>. If you allow it, <strong>{client.Name}</strong> can:</p>
        <ul>{ScopeTexts.Of(grant.Scopes)}</ul>
        <form method="post" action="{DevicePage.Path}">
        {field}
        <input type="hidden" name="user_code" value="{grant.UserCode}">
        <button name="decision" value="allow">Allow</button>
        <button class="second" name="decision" value="deny">Deny</button>
        </form>
        """);

    public static Page Done(Client client, bool allowed) => allowed
        ? new Page("Device connected", $"<p>{client.Name} goes on by itself. You can close this window.</p>")
        : new Page("Device refused", $"<p>{client.Name} got no access. You can close this window.</p>");
}
