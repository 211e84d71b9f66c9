using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Sessions;

/// <summary>Judges a refresh and records what came of it.</summary>
internal sealed class RefreshOutcome(
    IdentityDb database, Caller caller, IdentityMetrics metrics, IOptions<TokenOptions> options, TimeProvider time)
{
    private readonly DateTimeOffset _now = time.GetInstant();

    /// <summary>Whether session, account and token all still live.</summary>
    public bool Usable(Session session, User user, RefreshToken token) =>
        session.LivesAt(_now, user) && _now < token.ExpiresAt;

    /// <summary>Whether a second use is one of the same client's, just now.</summary>
    public bool IsRepetition(RefreshToken token, bool successorUnused) =>
        successorUnused && _now - token.UsedAt <= options.Value.RefreshGrace;

    /// <summary>Marks the exchange and adds its audit record.</summary>
    public void Exchange(Session session, User user, RefreshToken token, bool repeated)
    {
        token.Use(_now);
        session.SeenAgain(_now, caller.Address, caller.UserAgent);
        metrics.TokenIssued("refresh_token");
        database.AddEvent(RecordOf(session, user, repeated), session.Id);
    }

    /// <summary>What an exchange that shares its statement with others writes.</summary>
    public RefreshRow RowOf(PresentedToken presented, RefreshToken successor) => new(
        presented,
        successor,
        _now,
        caller.Address,
        caller.UserAgent,
        OutboxMessage.From(RecordOf(presented.Session, presented.User, repeated: false), presented.Session.Id.ToString()));

    /// <summary>Counts such an exchange.</summary>
    public RefreshedSession Exchanged(RefreshedSession refreshed)
    {
        metrics.TokenIssued("refresh_token");
        return refreshed;
    }

    /// <summary>One outcome for whatever is wrong with the token.</summary>
    public RefreshedSession? Refused()
    {
        metrics.RefreshRefused();
        return null;
    }

    /// <summary>The same outcome: a thief learns nothing.</summary>
    public RefreshedSession? Reused()
    {
        metrics.RefreshReused();
        return null;
    }

    private AuditRecorded RecordOf(Session session, User user, bool repeated) => AuditTrail.RecordOf(
        caller.Envelope(new Actor(ActorKind.User, user.Id.ToString(), user.UserName), user.TenantId, session.Id.ToString()),
        "token.refreshed",
        "session",
        session.Id.ToString(),
        detail: repeated ? new Dictionary<string, string>(StringComparer.Ordinal) { ["repeated"] = "true" } : null);
}
