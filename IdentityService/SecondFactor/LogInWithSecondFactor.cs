using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityService.SecondFactor;

/// <summary>The challenge that the password gave, with a code or a recovery code.</summary>
public sealed record LogInWithSecondFactorRequest : IValidatableObject
{
    [JsonPropertyName("challenge_token"), Required(ErrorMessage = "is required"), MaxLength(SecondStep.LongestChallenge, ErrorMessage = "is too long")]
    public string? ChallengeToken { get; init; }

    [MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? Code { get; init; }

    [JsonPropertyName("recovery_code"), MaxLength(TypedCode.Longest, ErrorMessage = "is too long")]
    public string? RecoveryCode { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TypedCodes.FaultOf(Code, RecoveryCode, nameof(Code));
}

/// <summary>Begins the session that a password alone did not.</summary>
internal static class LogInWithSecondFactor
{
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        LogInWithSecondFactorRequest request,
        SecondStep step,
        SessionTokens sessions,
        LogInOutcome outcome,
        CancellationToken cancellationToken)
    {
        if (await step.OpenAsync(request.ChallengeToken, cancellationToken) is not var (challenge, user))
        {
            return SecondFactorProblems.InvalidChallenge();
        }

        var check = await step.CheckAsync(user, new TypedCode(request.Code, request.RecoveryCode), cancellationToken);
        if (!check.Accepted)
        {
            return check.BlockedFor is { } wait ? SecondFactorProblems.TooManyCodes(wait) : SecondFactorProblems.CodeRefused();
        }

        var (session, refreshToken) = sessions.Begin(user, AuthenticationMethods.PasswordAndCode);
        var (access, _) = await sessions.IssueAsync(user, session, narrowed: null, cancellationToken);
        outcome.SignedIn(user, session, grant: "password");
        return await step.SaveAsync(challenge, cancellationToken)
            ? TypedResults.Ok(TokenResponse.From(access, RefreshTokenFormat.Write(refreshToken)))
            : SecondFactorProblems.InvalidChallenge();
    }
}

/// <summary>Between the password and the code of a sign-in.</summary>
internal sealed class SecondStep(
    IdentityDb database, Challenges challenges, SecondFactorCheck codes, SignInBarriers barriers, IOptions<SecondFactorOptions> options)
{
    public const int LongestChallenge = 1000;

    private const string Use = "sign-in";

    /// <summary>For a user whose password was right.</summary>
    public string Begin(User user) =>
        challenges.Seal(challenges.New(Use, Life) with { UserId = user.Id, Epoch = user.Epoch });

    public TimeSpan Life => options.Value.ChallengeLife;

    /// <summary>Whose password was right; null for a challenge that is not one, not any more or not of this epoch.</summary>
    public async Task<(Challenge Challenge, User User)?> OpenAsync(string? text, CancellationToken cancellationToken) =>
        challenges.Open(Use, text) is { } challenge
        && await database.Users.SingleOrDefaultAsync(row => row.Id == challenge.UserId, cancellationToken) is { } user
        && user.Epoch == challenge.Epoch
        && !await barriers.KeepOutAsync(user, cancellationToken)
            ? (challenge, user)
            : null;

    public Task<CodeResult> CheckAsync(User user, TypedCode typed, CancellationToken cancellationToken) => codes.CheckAsync(user, typed, cancellationToken);

    /// <summary>Saves what the sign-in gave and uses the challenge up with it; false when that was used before, and nothing is saved.</summary>
    public async Task<bool> SaveAsync(Challenge challenge, CancellationToken cancellationToken)
    {
        challenges.Use(challenge);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (Challenges.IsUsed(fault))
        {
            return false;
        }
    }
}
