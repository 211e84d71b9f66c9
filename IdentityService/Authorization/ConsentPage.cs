using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Pages;
using IdentityService.Sessions;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Pages;

namespace IdentityService.Authorization;

/// <summary>Asks a user whether an application may have what it wants, and remembers a yes (OpenID Connect Core 1.0 section 3.1.2.4).</summary>
internal sealed class ConsentPage(
    IdentityDb database, AuthorizationRequests requests, BrowserSessions browsers, AuthorizationAnswer answer, ConsentRecord record)
{
    public const string Path = "/account/consent";

    public static async Task<IResult> ShowAsync(
        HttpContext http, string? request, ConsentPage page, PageForm forms, CancellationToken cancellationToken) =>
        await page.OpenAsync(http, request, cancellationToken) is var (kept, browser)
            ? Question(kept.Client, kept.Parameters, browser, request!, forms.Field(http))
            : Over();

    public static async Task<IResult> HandleAsync(HttpContext http, ConsentPage page, PageForm forms, CancellationToken cancellationToken) =>
        await forms.ReadAsync(http, cancellationToken) is { } form ? await page.AnswerAsync(http, form, cancellationToken) : PageForm.Refused();

    private async Task<IResult> AnswerAsync(HttpContext http, Dictionary<string, string> form, CancellationToken cancellationToken)
    {
        var handle = form.GetValueOrDefault("request");
        if (await OpenAsync(http, handle, cancellationToken) is not var (kept, browser))
        {
            return Over();
        }

        if (form.GetValueOrDefault("decision") != "allow")
        {
            record.Denied(kept.Client, browser);
            await database.SaveChangesAsync(cancellationToken);
            return await requests.TakeAsync(kept.Request, cancellationToken)
                ? answer.Fault(kept.Parameters.RedirectUri, kept.Parameters.State, new("access_denied", "The user said no."))
                : Over();
        }

        kept.Request.Approve(browser.User.Id);
        await record.GrantedAsync(kept.Client, kept.Parameters.Scopes, browser, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        return new SeeOther(AuthorizationRequests.AddressOf(kept.Request, handle!));
    }

    private async Task<((AuthorizationRequest Request, Client Client, AuthorizationParameters Parameters) Kept, BrowserSession Browser)?> OpenAsync(
        HttpContext http, string? handle, CancellationToken cancellationToken) =>
        await requests.OpenAsync(handle, cancellationToken) is { } kept
        && await browsers.FindAsync(http, cancellationToken) is { } browser
            ? (kept, browser)
            : null;

    private static IResult Over() =>
        AuthorizationAnswer.Page("invalid_request_uri", "It has been used already, or took too long. Start again from the application.");

    private static Page Question(Client client, AuthorizationParameters parameters, BrowserSession browser, string handle, Html field) => new(
        $"{client.Name} asks for access",
        $"""
        <p>You are signed in as <strong>{browser.User.UserName}</strong>. If you allow it, <strong>{client.Name}</strong> can:</p>
        <ul>{ScopeTexts.Of(parameters.Scopes)}</ul>
        <form method="post" action="{Path}">
        {field}
        <input type="hidden" name="request" value="{handle}">
        <button name="decision" value="allow">Allow</button>
        <button class="second" name="decision" value="deny">Deny</button>
        </form>
        """)
    {
        RedirectUri = parameters.RedirectUri,
    };
}

/// <summary>Keeps what users have granted.</summary>
internal sealed class ConsentRecord(IdentityDb database, Caller caller, TimeProvider time)
{
    public async Task GrantedAsync(Client client, string[] scopes, BrowserSession browser, CancellationToken cancellationToken)
    {
        var consent = await database.Consents.SingleOrDefaultAsync(
            row => row.UserId == browser.User.Id && row.ClientId == client.Id, cancellationToken);
        if (consent is null)
        {
            consent = new Consent { UserId = browser.User.Id, ClientId = client.Id };
            database.Consents.Add(consent);
        }

        consent.Grant(scopes, time.GetInstant());
        Audit("consent.granted", client, browser, string.Join(' ', scopes));
    }

    public void Denied(Client client, BrowserSession browser) => Audit("consent.denied", client, browser, null);

    private void Audit(string action, Client client, BrowserSession browser, string? scope) => database.AddAudit(
        caller.Envelope(browser.Actor, browser.User.TenantId, browser.Session.Id.ToString()),
        action,
        "client",
        client.Id.ToString(),
        scope is null ? AuditResult.Denied : AuditResult.Success,
        detail: scope is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["scope"] = scope });
}
