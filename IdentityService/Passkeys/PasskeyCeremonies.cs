using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityService.Passkeys;

/// <summary>What a browser needs to make or to use a passkey.</summary>
/// <param name="Challenge">To be sent back with the credential.</param>
/// <param name="Options">For <c>navigator.credentials</c>, as JSON (WebAuthn Level 3 sections 5.1.8 and 5.1.9).</param>
/// <param name="ExpiresIn">Seconds.</param>
public sealed record PasskeyOffer(string Challenge, JsonElement Options, int ExpiresIn);

/// <summary>Who proved who they are with a passkey, and how.</summary>
internal sealed record PasskeyProof(User User, string[] Methods);

/// <summary>What came of a passkey that was used.</summary>
/// <param name="Proof">Null when refused.</param>
/// <param name="Reason">Why it was, for the audit log.</param>
internal readonly record struct PasskeyCheck(PasskeyProof? Proof, string Reason)
{
    /// <summary>The reason for whatever is wrong with it.</summary>
    public const string Refused = "passkey_refused";

    /// <summary>
    /// The reason where all was right but the counter: another authenticator has used the same key meanwhile, so there is a
    /// copy of it (WebAuthn Level 3 section 6.1.1).
    /// </summary>
    public const string SuspectedClone = "passkey_counter_went_back";
}

/// <summary>
/// Registration and authentication by WebAuthn. What is to be checked of a credential, ASP.NET Core Identity's handler
/// checks: challenge, origin, signature, counter, that the user was verified. Its state goes along with the client in a
/// challenge of ours, for one use, one requester and a short time.
/// </summary>
internal sealed class PasskeyCeremonies(
    IPasskeyHandler<User> handler, Challenges challenges, SignInBarriers barriers, IdentityDb database, IOptions<SecondFactorOptions> options)
{
    private const string Registration = "passkey-registration";
    private const string Authentication = "passkey-sign-in";

    /// <summary>Offers to make one, for the user of a session.</summary>
    public async Task<PasskeyOffer> OfferRegistrationAsync(User user, Guid sessionId, HttpContext http)
    {
        var entity = new PasskeyUserEntity { Id = user.Id.ToString(), Name = user.UserName!, DisplayName = user.DisplayName ?? user.UserName! };
        var made = await handler.MakeCreationOptionsAsync(entity, http);
        return Offer(challenges.New(Registration, Life) with { UserId = user.Id, SessionId = sessionId, State = made.AttestationState }, made.CreationOptionsJson);
    }

    /// <summary>Offers to use one, whoever's it is: the passkey says so itself, and nobody learns who has some.</summary>
    /// <param name="http">The request.</param>
    /// <param name="browser">Which browser it is for; null for a program.</param>
    public async Task<PasskeyOffer> OfferAuthenticationAsync(HttpContext http, string? browser = null)
    {
        var made = await handler.MakeRequestOptionsAsync(null!, http);
        return Offer(challenges.New(Authentication, Life) with { Browser = browser, State = made.AssertionState }, made.RequestOptionsJson);
    }

    /// <summary>The new passkey; null for anything that is not right. The save, which uses the challenge up, is the use case's.</summary>
    public async Task<UserPasskeyInfo?> RegisterAsync(PasskeyAnswer answer, Guid userId, Guid sessionId, HttpContext http)
    {
        if (challenges.Open(Registration, answer.Challenge) is not { } challenge || challenge.UserId != userId || challenge.SessionId != sessionId)
        {
            return null;
        }

        var result = await handler.PerformAttestationAsync(
            new PasskeyAttestationContext { HttpContext = http, CredentialJson = answer.Credential, AttestationState = challenge.State });
        if (!result.Succeeded || result.UserEntity.Id != userId.ToString())
        {
            return null;
        }

        challenges.Use(challenge);
        return result.Passkey;
    }

    /// <summary>
    /// Who uses one; nobody for anything that is not right. Within a transaction, which holds the passkey from before its
    /// counter is looked at; the save, which uses the challenge up, is the use case's.
    /// </summary>
    public async Task<PasskeyCheck> AuthenticateAsync(PasskeyAnswer answer, string? browser, HttpContext http, CancellationToken cancellationToken)
    {
        if (challenges.Open(Authentication, answer.Challenge) is not { } challenge || challenge.Browser != browser
            || CredentialId.Of(answer.Credential) is not { } id
            || await database.UserPasskeys.FromSql($"SELECT * FROM user_passkeys WHERE credential_id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellationToken) is not { } passkey)
        {
            return new PasskeyCheck(null, PasskeyCheck.Refused);
        }

        var result = await handler.PerformAssertionAsync(
            new PasskeyAssertionContext { HttpContext = http, CredentialJson = answer.Credential, AssertionState = challenge.State });
        if (!result.Succeeded || result.User.Id != passkey.UserId || await barriers.KeepOutAsync(result.User, cancellationToken))
        {
            return new PasskeyCheck(null, IsCounterFault(result) ? PasskeyCheck.SuspectedClone : PasskeyCheck.Refused);
        }

        passkey.Data.SignCount = result.Passkey.SignCount;
        passkey.Data.IsBackedUp = result.Passkey.IsBackedUp;
        challenges.Use(challenge);
        return new PasskeyCheck(new PasskeyProof(result.User, AuthenticationMethods.Passkey(copied: result.Passkey.IsBackupEligible)), "");
    }

    // The handler looks at the counter last, when the signature is known to be right, and tells the fault by its text only.
    private static bool IsCounterFault(PasskeyAssertionResult<User> result) =>
        !result.Succeeded && result.Failure.Message.Contains("counter", StringComparison.OrdinalIgnoreCase);

    private TimeSpan Life => options.Value.ChallengeLife;

    private PasskeyOffer Offer(Challenge challenge, string json)
    {
        using var parsed = JsonDocument.Parse(json);
        return new PasskeyOffer(challenges.Seal(challenge), parsed.RootElement.Clone(), (int)Life.TotalSeconds);
    }
}

/// <summary>What a client answers to an offer.</summary>
/// <param name="Challenge">The offer's.</param>
/// <param name="Credential">The credential's JSON.</param>
internal readonly record struct PasskeyAnswer(string Challenge, string Credential);
