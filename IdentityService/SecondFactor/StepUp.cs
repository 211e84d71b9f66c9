using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.SecondFactor;

/// <summary>Proof that it is still the user: one of these.</summary>
public sealed record StepUpRequest : IValidatableObject
{
    [MaxLength(PasswordPolicy.Longest, ErrorMessage = "is too long")]
    public string? Password { get; init; }

    [MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? Code { get; init; }

    [JsonPropertyName("recovery_code"), MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? RecoveryCode { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (((string?[])[Password, Code, RecoveryCode]).Count(one => !string.IsNullOrEmpty(one)) != 1)
        {
            yield return new ValidationResult("send one of password, code and recovery_code", [nameof(Code)]);
        }
    }
}

/// <summary>
/// Proves anew, within the caller's session, who the user is (RFC 9470 for the platform's own sign-in; applications send an
/// authorization request instead). The answer is a fresh access token of the same session.
/// </summary>
internal sealed class StepUp(IdentityDb database, SessionTokens sessions, Caller caller, IdentityMetrics metrics, TimeProvider time)
{
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        StepUpRequest request, StepUp stepUp, Credentials credentials, SecondFactorCheck codes, CancellationToken cancellationToken)
    {
        if (await stepUp.FindAsync(cancellationToken) is not var (session, user))
        {
            return Problem.NotFound();
        }

        if (session.ClientId is not null)
        {
            return SecondFactorProblems.ByAuthorizationOnly();
        }

        if (string.IsNullOrEmpty(request.Password))
        {
            var check = await codes.CheckAsync(user, new TypedCode(request.Code, request.RecoveryCode), cancellationToken);
            return check.Accepted ? await stepUp.ApplyAsync(session, user, AuthenticationMethods.Code, cancellationToken)
                : check.BlockedFor is { } codeWait ? SecondFactorProblems.TooManyCodes(codeWait)
                : SecondFactorProblems.InvalidCode();
        }

        if (user.TwoFactorEnabled)
        {
            return SecondFactorProblems.SecondFactorNeeded();
        }

        var password = await credentials.CheckAsync(user, request.Password, cancellationToken);
        return password.Accepted ? await stepUp.ApplyAsync(session, user, AuthenticationMethods.Password, cancellationToken)
            : await stepUp.RefuseAsync(
                user, password.BlockedFor is { } wait ? AccountProblems.TooManyFailures(wait) : AccountProblems.CurrentPasswordWrong(), "password", cancellationToken);
    }

    /// <summary>The caller's session and account.</summary>
    public async Task<(Session Session, User User)?> FindAsync(CancellationToken cancellationToken) =>
        Guid.TryParse(caller.SessionId, out var id)
        && await database.Sessions.SingleOrDefaultAsync(row => row.Id == id && row.UserId == caller.SubjectId, cancellationToken) is { } session
        && await database.Users.SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is { } user
            ? (session, user)
            : null;

    /// <summary>Notes the proof and answers with a token that tells of it.</summary>
    public async Task<Ok<TokenResponse>> ApplyAsync(Session session, User user, string[] methods, CancellationToken cancellationToken)
    {
        session.SteppedUp(time.GetInstant(), methods);
        metrics.SteppedUp();
        database.AddAudit(
            caller.Envelope(), "user.stepped_up", "user", user.Id.ToString(),
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["methods"] = string.Join(' ', methods) });
        var (access, _) = await sessions.IssueAsync(user, session, narrowed: null, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        return TypedResults.Ok(TokenResponse.From(access));
    }

    /// <summary>Records that somebody within the session did not prove it; gives back the answer.</summary>
    public async Task<ProblemHttpResult> RefuseAsync(User user, ProblemHttpResult refusal, string reason, CancellationToken cancellationToken)
    {
        database.AddAudit(
            caller.Envelope(), "user.stepped_up", "user", user.Id.ToString(), AuditResult.Denied, AuditSeverity.Warning,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
        await database.SaveChangesAsync(cancellationToken);
        return refusal;
    }
}
