using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using IdentityService.Operation;
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

/// <summary>Begins a session for whoever knows the password. All refusals look alike.</summary>
internal static class LogIn
{
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        LogInRequest request,
        Credentials credentials,
        SessionTokens sessions,
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

        var (session, refreshToken) = sessions.Begin(user);
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
            user.Id.ToString());
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
