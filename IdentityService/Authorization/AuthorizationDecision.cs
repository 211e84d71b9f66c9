using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Sessions;
using IdentityService.SignInPages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Authorization;

/// <summary>An authorization request, readable and allowed as such.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="Parameters">What for.</param>
/// <param name="Form">The same as it came.</param>
/// <param name="Waiting">Where it is kept; null while it is not.</param>
/// <param name="Handle">By which it is kept.</param>
internal sealed record AuthorizationAttempt(
    Client Client, AuthorizationParameters Parameters, Dictionary<string, string> Form, AuthorizationRequest? Waiting, string? Handle);

/// <summary>What comes next: a page, a fault, or with neither a code.</summary>
internal readonly record struct AuthorizationStep(string? Page, AuthorizationFault? Fault)
{
    public static readonly AuthorizationStep Granted;

    /// <summary>A page, or where the client wants none shown, the fault that says which one it would be.</summary>
    public static AuthorizationStep Show(string page, AuthorizationParameters parameters, string fault) => parameters.Asks("none")
        ? new AuthorizationStep(null, new AuthorizationFault(fault, "The user would have to be asked."))
        : new AuthorizationStep(page, null);
}

/// <summary>Decides about an authorization request, and issues the code (OpenID Connect Core 1.0 sections 3.1.2.3 to 3.1.2.5).</summary>
internal sealed class AuthorizationDecision(IdentityDb database, IOptions<AuthorizationOptions> options, Caller caller, TimeProvider time)
{
    public async Task<AuthorizationStep> TakeAsync(AuthorizationAttempt attempt, BrowserSession? browser, CancellationToken cancellationToken)
    {
        var parameters = attempt.Parameters;
        if (browser is null || MustSignInAgain(attempt, browser.Session))
        {
            return AuthorizationStep.Show(SignInPage.Path, parameters, "login_required");
        }

        if (!attempt.Client.AllTenants && attempt.Client.TenantId != browser.User.TenantId)
        {
            Audit(attempt, browser, "authorization.denied", AuditResult.Denied);
            return new AuthorizationStep(null, new AuthorizationFault("access_denied", "The application is not for this user's organisation."));
        }

        if (!Meets(parameters, AuthenticationLevels.Of(browser.Session)))
        {
            return await AskForMoreAsync(attempt, browser, cancellationToken);
        }

        if (attempt.Client.Trusted && !parameters.Asks("consent"))
        {
            return AuthorizationStep.Granted;
        }

        var consented = attempt.Waiting?.ApprovedBy == browser.User.Id
            || (!parameters.Asks("consent") && await HasConsentedAsync(attempt, browser, cancellationToken));
        return consented ? AuthorizationStep.Granted : AuthorizationStep.Show(ConsentPage.Path, parameters, "consent_required");
    }

    /// <summary>Adds a code; the save is the use case's.</summary>
    public string Grant(AuthorizationAttempt attempt, BrowserSession browser)
    {
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        database.AuthorizationCodes.Add(new AuthorizationCode
        {
            Hash = SHA256.HashData(Encoding.UTF8.GetBytes(code)),
            ClientId = attempt.Client.Id,
            BrowserSessionId = browser.Session.Id,
            RedirectUri = attempt.Parameters.RedirectUri,
            Scopes = attempt.Parameters.Scopes,
            Nonce = attempt.Parameters.Nonce,
            CodeChallenge = attempt.Parameters.CodeChallenge,
            ExpiresAt = time.GetInstant() + options.Value.CodeLife,
        });
        Audit(attempt, browser, "authorization.granted", AuditResult.Success);
        return code;
    }

    // A surer sign-in than was asked for meets it, too.
    private static bool Meets(AuthorizationParameters parameters, string level) =>
        parameters.Levels.Length == 0 || parameters.Levels.Contains(level, StringComparer.Ordinal)
        || (level == AuthenticationLevels.Two && parameters.Levels.Contains(AuthenticationLevels.One, StringComparer.Ordinal));

    // The client asks because it will refuse anything less, so that is no wish to be passed over (RFC 9470 section 5).
    private async Task<AuthorizationStep> AskForMoreAsync(AuthorizationAttempt attempt, BrowserSession browser, CancellationToken cancellationToken)
    {
        if (Meets(attempt.Parameters, AuthenticationLevels.Two))
        {
            if (browser.User.TwoFactorEnabled)
            {
                return AuthorizationStep.Show(SecondFactorPage.StepUpPath, attempt.Parameters, "login_required");
            }

            if (!AnswersThis(attempt, browser.Session)
                && await database.UserPasskeys.AnyAsync(row => row.UserId == browser.User.Id, cancellationToken))
            {
                return AuthorizationStep.Show(SignInPage.Path, attempt.Parameters, "login_required");
            }
        }

        return new AuthorizationStep(
            null, new AuthorizationFault("unmet_authentication_requirements", "The user can't sign in as surely as acr_values asks."));
    }

    // A sign-in that this request asked for is recent, however long the way back took.
    private static bool AnswersThis(AuthorizationAttempt attempt, Session session) =>
        attempt.Waiting?.SignInAskedAt is { } asked && session.AuthenticatedAt >= asked;

    private bool MustSignInAgain(AuthorizationAttempt attempt, Session session)
    {
        var parameters = attempt.Parameters;
        var now = time.GetUtcNow();
        return !AnswersThis(attempt, session)
            && (parameters.Asks("login") || parameters.Asks("select_account") || now - session.AuthenticatedAt > parameters.MaxAge);
    }

    private async Task<bool> HasConsentedAsync(AuthorizationAttempt attempt, BrowserSession browser, CancellationToken cancellationToken) =>
        await database.Consents.AsNoTracking().SingleOrDefaultAsync(
            row => row.UserId == browser.User.Id && row.ClientId == attempt.Client.Id, cancellationToken) is { } consent
        && consent.Covers(attempt.Parameters.Scopes);

    private void Audit(AuthorizationAttempt attempt, BrowserSession browser, string action, AuditResult result) => database.AddAudit(
        caller.Envelope(browser.Actor, browser.User.TenantId, browser.Session.Id.ToString()),
        action,
        "client",
        attempt.Client.Id.ToString(),
        result,
        detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["scope"] = string.Join(' ', attempt.Parameters.Scopes) });
}
