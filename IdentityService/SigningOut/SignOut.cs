using IdentityService.Authorization;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Pages;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Pages;

namespace IdentityService.SigningOut;

/// <summary>
/// Signs a browser out: the platform's own way by a form, and an application's (OpenID Connect RP-Initiated Logout 1.0).
/// Every session that applications began from this sign-in ends with it. An application that shows an ID token of this
/// very sign-in is believed; else the user is asked, or any site could sign everybody out.
/// </summary>
internal sealed class SignOut(
    IdentityDb database, BrowserSessions browsers, SessionEnding ending, IdTokenHint hints, PageCookies cookies)
{
    public const string Path = "/account/sign-out";
    public const string EndSessionPath = "/connect/logout";

    public static SessionEnd EndOf(BrowserSession browser, Caller caller) =>
        new("user.logout", caller.Envelope(browser.Actor, browser.User.TenantId, browser.Session.Id.ToString()));

    /// <summary>The application's way (section 2).</summary>
    public static async Task<IResult> ByApplicationAsync(
        HttpContext http, SignOut signOut, Caller caller, PageForm forms, CancellationToken cancellationToken) =>
        OAuthForm.Read(http.Request.Query) is { } query
            ? await signOut.HandleAsync(http, query, caller, forms, cancellationToken)
            : AuthorizationAnswer.Page("invalid_request", OAuthForm.Malformed);

    /// <summary>The same by POST: a browser sends no cookie with a post from another site, so it is asked to come again.</summary>
    public static async Task<IResult> ByFormAsync(HttpContext http, CancellationToken cancellationToken) =>
        await OAuthForm.ReadAsync(http.Request, cancellationToken) is { } form
            ? new SeeOther(QueryHelpers.AddQueryString(EndSessionPath, form.ToDictionary(one => one.Key, one => (string?)one.Value, StringComparer.Ordinal)))
            : AuthorizationAnswer.Page("invalid_request", OAuthForm.Malformed);

    /// <summary>The user's own way.</summary>
    public static async Task<IResult> ByUserAsync(
        HttpContext http, SignOut signOut, Caller caller, PageForm forms, CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        var target = await signOut.FindTargetAsync(form, hint: null, cancellationToken);
        await signOut.EndAsync(http, await signOut.FindAsync(http, cancellationToken), caller, cancellationToken);
        return Done(target);
    }

    private Task<BrowserSession?> FindAsync(HttpContext http, CancellationToken cancellationToken) => browsers.FindAsync(http, cancellationToken);

    private async Task<IResult> HandleAsync(
        HttpContext http, Dictionary<string, string> query, Caller caller, PageForm forms, CancellationToken cancellationToken)
    {
        var hint = await hints.ReadAsync(query.GetValueOrDefault("id_token_hint"), cancellationToken);
        if (query.ContainsKey("id_token_hint") && hint is null)
        {
            return AuthorizationAnswer.Page("invalid_request", "The application showed an ID token that is not from here.");
        }

        if (hint is not null && query.GetValueOrDefault("client_id") is { } client && client != hint.ClientId.ToString())
        {
            return AuthorizationAnswer.Page("invalid_request", "The application showed an ID token of another one.");
        }

        var target = await FindTargetAsync(query, hint, cancellationToken);
        if (query.ContainsKey("post_logout_redirect_uri") && target is null)
        {
            return AuthorizationAnswer.Page("invalid_request", "The application named a return address that is not registered.");
        }

        var browser = await browsers.FindAsync(http, cancellationToken);
        if (browser is not null && !await IsOfThisSignInAsync(hint, browser, cancellationToken))
        {
            return Question(browser, query, target, forms.Field(http));
        }

        await EndAsync(http, browser, caller, cancellationToken);
        return Done(target);
    }

    private async Task<bool> IsOfThisSignInAsync(IdTokenSubject? hint, BrowserSession browser, CancellationToken cancellationToken) =>
        hint is not null && hint.UserId == browser.User.Id
        && await database.Sessions.AnyAsync(row => row.Id == hint.SessionId && row.ParentId == browser.Session.Id, cancellationToken);

    private async Task EndAsync(HttpContext http, BrowserSession? browser, Caller caller, CancellationToken cancellationToken)
    {
        cookies.Delete(http, PageCookies.Session);
        if (browser is not null)
        {
            await ending.EndAsync(browser.Session.Id, EndOf(browser, caller), cancellationToken);
        }
    }

    /// <summary>Where the application wants the browser back; null for nowhere, or an address it did not register (section 3).</summary>
    private async Task<string?> FindTargetAsync(Dictionary<string, string> form, IdTokenSubject? hint, CancellationToken cancellationToken)
    {
        if (form.GetValueOrDefault("post_logout_redirect_uri") is not { } uri
            || !Client.TryReadId(hint?.ClientId.ToString() ?? form.GetValueOrDefault("client_id"), out var id)
            || await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { DisabledAt: null } client
            || !RegisteredUris.Allow(client.PostLogoutRedirectUris, uri))
        {
            return null;
        }

        return form.GetValueOrDefault("state") is { } state ? QueryHelpers.AddQueryString(uri, "state", state) : uri;
    }

    private static IResult Done(string? target) =>
        target is null ? new Page("You are signed out", $"<p>You can close this window.</p>") : new SeeOther(target);

    private static Page Question(BrowserSession browser, Dictionary<string, string> query, string? target, Html field) => new(
        "Sign out?",
        $"""
        <p>You are signed in as <strong>{browser.User.UserName}</strong>. Signing out ends your session in every application that you opened with it.</p>
        <form method="post" action="{Path}">
        {field}
        {Kept(query)}
        <button>Sign out</button>
        </form>
        """)
    {
        RedirectUri = target,
    };

    private static IEnumerable<Html> Kept(Dictionary<string, string> query)
    {
        foreach (var name in (string[])["client_id", "post_logout_redirect_uri", "state"])
        {
            if (query.TryGetValue(name, out var value))
            {
                yield return $"""<input type="hidden" name="{name}" value="{value}">""";
            }
        }
    }
}
