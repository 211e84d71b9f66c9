using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Pages;
using IdentityService.Sessions;
using IdentityService.SignInPages;
using IdentityService.Tokens;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Authorization;

/// <summary>
/// The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 1.0 section 3.1.2).
/// <list type="number">
/// <item>Client and redirect URI first: only when both are good may anything be sent back to the client.</item>
/// <item>The other parameters; a fault goes to the client.</item>
/// <item>Signed in, recently enough? Else to the sign-in page; with <c>prompt=none</c> back with an error.</item>
/// <item>Consent given? Else to the consent page, likewise.</item>
/// <item>A code.</item>
/// </list>
/// While the user is on a page, the request waits in the database under a handle; both pages lead back here with it.
/// </summary>
internal sealed class Authorize(
    IdentityDb database, AuthorizationRequests requests, BrowserSessions browsers, AuthorizationDecision decision, AuthorizationAnswer answer)
{
    public const string Path = "/connect/authorize";

    public static Task<IResult> ByQueryAsync(HttpContext http, Authorize authorize, CancellationToken cancellationToken) =>
        authorize.HandleAsync(http, cancellationToken);

    /// <summary>
    /// OpenID Connect Core 1.0 section 3.1.2.1 wants POST as well. A browser sends no cookie with a post from another site,
    /// so it is asked to come again.
    /// </summary>
    public static async Task<IResult> ByFormAsync(HttpContext http, CancellationToken cancellationToken) =>
        await OAuthForm.ReadAsync(http.Request, cancellationToken) is { } form
            ? new SeeOther(QueryHelpers.AddQueryString(Path, form.ToDictionary(one => one.Key, one => (string?)one.Value, StringComparer.Ordinal)))
            : AuthorizationAnswer.Page("invalid_request", OAuthForm.Malformed);

    private async Task<IResult> HandleAsync(HttpContext http, CancellationToken cancellationToken)
    {
        if (OAuthForm.Read(http.Request.Query) is not { } given || !Client.TryReadId(given.GetValueOrDefault("client_id"), out var clientId))
        {
            return AuthorizationAnswer.Page("invalid_request", "The application sent a request that can't be read.");
        }

        var handle = HandleOf(given);
        var waiting = await requests.FindAsync(handle, cancellationToken);
        if (given.ContainsKey("request_uri") && waiting?.ClientId != clientId)
        {
            return AuthorizationAnswer.Page("invalid_request_uri", "It has been used already, or took too long. Start again from the application.");
        }

        var form = waiting is null ? given : AuthorizationRequests.ParametersOf(waiting);
        if (await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == clientId, cancellationToken) is not { DisabledAt: null } client)
        {
            return AuthorizationAnswer.Page("invalid_client", "The application is not known here.");
        }

        if (form.GetValueOrDefault("redirect_uri") is not { } redirectUri || !RegisteredUris.Allow(client.RedirectUris, redirectUri))
        {
            return AuthorizationAnswer.Page("invalid_request", "The application named a return address that is not registered.");
        }

        if (client.RequiresPushedRequests && waiting is not { Pushed: true })
        {
            return answer.Fault(redirectUri, form.GetValueOrDefault("state"), new("invalid_request", "The client must push its requests."));
        }

        var (parameters, fault) = AuthorizationParameters.Read(form, client);
        return parameters is null
            ? answer.Fault(redirectUri, form.GetValueOrDefault("state"), fault!)
            : await DecideAsync(new AuthorizationAttempt(client, parameters, form, waiting, handle), http, cancellationToken);
    }

    private async Task<IResult> DecideAsync(AuthorizationAttempt attempt, HttpContext http, CancellationToken cancellationToken)
    {
        var browser = await browsers.FindAsync(http, cancellationToken);
        var next = await decision.TakeAsync(attempt, browser, cancellationToken);
        var (request, handle) = (attempt.Waiting, attempt.Handle);
        if (next.Page is not { } page)
        {
            // Whoever takes the request away answers it: a second tab gets no second code.
            if (request is not null && !await requests.TakeAsync(request, cancellationToken))
            {
                return AuthorizationAnswer.Page("invalid_request_uri", "It has been used already. Start again from the application.");
            }

            var code = next.Fault is null ? decision.Grant(attempt, browser!) : null;
            await database.SaveChangesAsync(cancellationToken);
            return code is null
                ? answer.Fault(attempt.Parameters.RedirectUri, attempt.Parameters.State, next.Fault!)
                : answer.Code(attempt.Parameters, code);
        }

        if (request is null)
        {
            (handle, request) = requests.Add(attempt.Client, attempt.Form, pushed: false);
        }

        requests.Wait(request, forSignIn: page == SignInPage.Path);
        await database.SaveChangesAsync(cancellationToken);
        return new SeeOther($"{page}?request={handle}");
    }

    private static string? HandleOf(Dictionary<string, string> form) =>
        form.GetValueOrDefault("request_uri") is { } uri && uri.StartsWith(AuthorizationRequests.UriPrefix, StringComparison.Ordinal)
            ? uri[AuthorizationRequests.UriPrefix.Length..]
            : null;
}
