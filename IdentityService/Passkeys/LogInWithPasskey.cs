using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Passkeys;

/// <summary>A passkey that was used.</summary>
public sealed record PasskeyRequest
{
    /// <summary>The offer's.</summary>
    [Required(ErrorMessage = "is required")]
    public string? Challenge { get; init; }

    /// <summary>What <c>navigator.credentials.get</c> gave, as JSON.</summary>
    [Required(ErrorMessage = "is required")]
    public JsonElement? Credential { get; init; }

    internal PasskeyAnswer Answer => new(Challenge!, Credential!.Value.GetRawText());
}

/// <summary>Begins a session, or steps up in one, for whoever uses a passkey.</summary>
internal static class LogInWithPasskey
{
    public static async Task<Ok<PasskeyOffer>> OfferAsync(HttpContext http, PasskeyCeremonies ceremonies) =>
        TypedResults.Ok(await ceremonies.OfferAuthenticationAsync(http));

    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        PasskeyRequest request, HttpContext http, PasskeySignIn signIn, SessionTokens sessions, LogInOutcome outcome, CancellationToken cancellationToken)
    {
        TokenResponse? answer = null;
        var proof = await signIn.RunAsync(request.Answer, browser: null, http, async proof =>
        {
            var (session, refreshToken) = sessions.Begin(proof.User, proof.Methods);
            var (access, _) = await sessions.IssueAsync(proof.User, session, narrowed: null, cancellationToken);
            outcome.SignedIn(proof.User, session, grant: "passkey");
            answer = TokenResponse.From(access, RefreshTokenFormat.Write(refreshToken));
        }, cancellationToken);
        return proof is null ? PasskeyProblems.SignInRefused() : TypedResults.Ok(answer!);
    }

    /// <summary>The same within a session of the same user.</summary>
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> StepUpAsync(
        PasskeyRequest request, HttpContext http, PasskeySignIn signIn, StepUp stepUp, CancellationToken cancellationToken)
    {
        if (await stepUp.FindAsync(cancellationToken) is not var (session, user))
        {
            return ServiceDefaults.Problems.Problem.NotFound();
        }

        if (session.ClientId is not null)
        {
            return SecondFactorProblems.ByAuthorizationOnly();
        }

        Ok<TokenResponse>? answer = null;
        var proved = await signIn.RunAsync(request.Answer, browser: null, http, async proof =>
        {
            if (proof.User.Id == user.Id)
            {
                answer = await stepUp.ApplyAsync(session, user, proof.Methods, cancellationToken);
            }
        }, cancellationToken);
        return answer is not null ? answer
            : proved is not null ? await stepUp.RefuseAsync(user, PasskeyProblems.Refused(), "passkey_of_another", cancellationToken)
            : PasskeyProblems.Refused();
    }
}

/// <summary>What every use of a passkey has around it: one transaction, the metric, the record of a refusal.</summary>
internal sealed class PasskeySignIn(IdentityDb database, PasskeyCeremonies ceremonies, Caller caller, IdentityMetrics metrics)
{
    /// <summary>Null when refused, with nothing saved but the record of it.</summary>
    /// <param name="answer">The client's.</param>
    /// <param name="browser">Which browser it must be from; null for a program's.</param>
    /// <param name="http">The request.</param>
    /// <param name="proved">What follows; saved together with the use of the passkey.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<PasskeyProof?> RunAsync(
        PasskeyAnswer answer, string? browser, HttpContext http, Func<PasskeyProof, Task> proved, CancellationToken cancellationToken)
    {
        var reason = PasskeyCheck.Refused;
        await using (await database.Database.BeginTransactionAsync(cancellationToken))
        {
            var check = await ceremonies.AuthenticateAsync(answer, browser, http, cancellationToken);
            if (check.Proof is { } proof && await SaveAsync(proof, proved, cancellationToken))
            {
                // To end somebody else's session in this browser has committed it already.
                if (database.Database.CurrentTransaction is { } open)
                {
                    await open.CommitAsync(cancellationToken);
                }

                metrics.SecondFactorChecked("passkey");
                return proof;
            }

            reason = check.Proof is null ? check.Reason : PasskeyCheck.Refused;
        }

        database.ChangeTracker.Clear();
        metrics.SecondFactorChecked("refused");
        await RecordRefusalAsync(answer, reason, cancellationToken);
        return null;
    }

    private async Task<bool> SaveAsync(PasskeyProof proof, Func<PasskeyProof, Task> proved, CancellationToken cancellationToken)
    {
        try
        {
            // First, since a challenge that was used gives nothing.
            await database.SaveChangesAsync(cancellationToken);
            await proved(proof);
            await database.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (Challenges.IsUsed(fault))
        {
            return false;
        }
    }

    private async Task RecordRefusalAsync(PasskeyAnswer answer, string reason, CancellationToken cancellationToken)
    {
        var id = CredentialId.Of(answer.Credential);
        var owner = id is null ? null : await database.UserPasskeys.AsNoTracking()
            .Where(row => row.CredentialId == id)
            .Join(database.Users, row => row.UserId, user => user.Id, (_, user) => new { user.Id, user.TenantId })
            .SingleOrDefaultAsync(cancellationToken);
        database.AddAudit(
            caller.Envelope(tenantId: owner?.TenantId), "user.login_failed", "user", owner?.Id.ToString(), AuditResult.Denied,
            reason == PasskeyCheck.SuspectedClone ? AuditSeverity.Critical : AuditSeverity.Warning,
            detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = reason });
        await database.SaveChangesAsync(cancellationToken);
    }
}
