using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Accounts;

/// <summary>Name (user name or e-mail) and password.</summary>
public sealed record LogInRequest
{
    [Required(ErrorMessage = "is required"), MaxLength(LoginName.Longest, ErrorMessage = "is too long")]
    public string? Username { get; init; }

    [Required(ErrorMessage = "is required"), MaxLength(PasswordPolicy.Longest, ErrorMessage = "is too long")]
    public string? Password { get; init; }
}

/// <summary>
/// Begins a session for whoever knows the password, and where the account has a second factor, the way to it. All refusals
/// look alike.
/// </summary>
internal static class LogIn
{
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        LogInRequest request,
        Credentials credentials,
        SessionTokens sessions,
        SecondStep secondStep,
        LogInOutcome outcome,
        IdentityDb database,
        CancellationToken cancellationToken)
    {
        var check = await credentials.CheckAsync(request.Username!, request.Password!, cancellationToken);
        if (!check.Accepted || check.User is not { } user)
        {
            var refusal = outcome.Refused(check);
            await database.SaveChangesAsync(cancellationToken);
            return refusal;
        }

        if (user.TwoFactorEnabled)
        {
            outcome.Challenged(user);
            await database.SaveChangesAsync(cancellationToken);
            return SecondFactorProblems.Required(secondStep.Begin(user), secondStep.Life);
        }

        var (session, refreshToken) = sessions.Begin(user, AuthenticationMethods.Password);
        var (access, _) = await sessions.IssueAsync(user, session, narrowed: null, cancellationToken);
        outcome.SignedIn(user, session, grant: "password");
        await database.SaveChangesAsync(cancellationToken);
        return TypedResults.Ok(TokenResponse.From(access, RefreshTokenFormat.Write(refreshToken)));
    }
}

/// <summary>Records what came of an attempt to sign in.</summary>
internal sealed class LogInOutcome(IdentityDb database, Caller caller, IdentityMetrics metrics)
{
    /// <summary>Who attempts it, from where.</summary>
    public Caller Caller => caller;

    /// <param name="user">Who.</param>
    /// <param name="session">The session begun.</param>
    /// <param name="grant">As which a token was issued along with it; null for none.</param>
    public void SignedIn(User user, Session session, string? grant = null)
    {
        metrics.SignedIn();
        if (grant is not null)
        {
            metrics.TokenIssued(grant);
        }

        database.AddAudit(
            caller.Envelope(new Actor(ActorKind.User, user.Id.ToString(), user.UserName), user.TenantId, session.Id.ToString()),
            "user.login",
            "user",
            user.Id.ToString(),
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["methods"] = string.Join(' ', session.Methods) });
    }

    /// <summary>The password was right, and the second factor is asked for: somebody knows it, even if nothing follows.</summary>
    public void Challenged(User user)
    {
        metrics.SecondFactorAsked();
        database.AddAudit(
            caller.Envelope(Actor.Anonymous, user.TenantId), "user.mfa_challenged", "user", user.Id.ToString());
    }

    /// <summary>The answer; the record says what the answer must not. An unknown name is not recorded: people type passwords there.</summary>
    public ProblemHttpResult Refused(CredentialResult check)
    {
        var reason = check switch
        {
            { BlockedFor: not null } => "blocked",
            { User: null } => "unknown_user",
            { User.DisabledAt: not null } => "disabled",
            { Barrier: SignInBarrier.PasswordReset } => "password_reset_required",
            { Barrier: SignInBarrier.UnverifiedEmail } => "email_not_verified",
            _ => "wrong_password",
        };
        database.AddAudit(
            caller.Envelope(Actor.Anonymous, check.User?.TenantId),
            "user.login_failed",
            "user",
            check.User?.Id.ToString(),
            AuditResult.Denied,
            AuditSeverity.Warning,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
        if (check.BlockedFor is { } wait)
        {
            metrics.SignInBlocked();
            return AccountProblems.TooManyFailures(wait);
        }

        metrics.SignInFailed();
        return check.Barrier switch
        {
            SignInBarrier.PasswordReset => AccountProblems.PasswordResetRequired(),
            SignInBarrier.UnverifiedEmail => AccountProblems.EmailNotVerified(),
            _ => AccountProblems.InvalidCredentials(),
        };
    }
}
