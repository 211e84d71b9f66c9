using System.Text.Json.Serialization;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IdentityService.Sessions;

/// <summary>A refresh token to exchange.</summary>
public sealed record RefreshRequest
{
    [JsonPropertyName("refresh_token")]
    public string? RefreshToken { get; init; }
}

/// <summary>What an exchange gave.</summary>
internal sealed record RefreshedSession(
    Session Session, User User, IssuedToken AccessToken, IReadOnlyList<string> Scopes, string RefreshToken);

/// <summary>
/// Exchanges a refresh token for the next one. The ordinary exchange takes no lock of its own (<see cref="OrdinaryRefresh"/>);
/// whatever is not so ordinary goes this way:
/// <list type="number">
/// <item>Lock the session: everything that happens to one family happens one after the other.</item>
/// <item>Not used yet: use it, add its one successor.</item>
/// <item>Used a moment ago, successor unused: a concurrent or repeated request of the same client; the same successor again.</item>
/// <item>Used before that, or the successor was used: someone has a copy; the whole session ends (RFC 9700 section 4.14.2).</item>
/// </list>
/// </summary>
internal sealed class RefreshSession(
    IdentityDb database, OrdinaryRefresh ordinary, SessionTokens sessions, SessionEnding ending, RefreshTokenFormat format, RefreshOutcome outcome)
{
    public static async Task<Results<Ok<TokenResponse>, ProblemHttpResult>> HandleAsync(
        RefreshRequest request, RefreshSession refresh, CancellationToken cancellationToken) =>
        string.IsNullOrEmpty(request.RefreshToken) ? SessionProblems.RefreshTokenMissing()
        : await refresh.ExchangeAsync(request.RefreshToken, client: null, scopes: null, cancellationToken) is { } refreshed
            ? TypedResults.Ok(TokenResponse.From(refreshed.AccessToken, refreshed.RefreshToken))
            : SessionProblems.InvalidRefreshToken();

    /// <summary>Exchanges one; null for whatever is wrong with it.</summary>
    /// <param name="text">The token.</param>
    /// <param name="client">The application whose it must be; null for the platform's own.</param>
    /// <param name="scopes">A part of what was granted; null for all.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<RefreshedSession?> ExchangeAsync(
        string text, Client? client, IReadOnlyList<string>? scopes, CancellationToken cancellationToken)
    {
        if (!RefreshTokenFormat.TryRead(text, out var presented))
        {
            return outcome.Refused();
        }

        var hash = RefreshTokenFormat.Hash(presented);
        return await TryOrdinaryAsync(presented, hash, client, scopes, cancellationToken)
            ?? await ExchangeLockedAsync(presented, hash, client, scopes, cancellationToken);
    }

    // Reads, signs, writes. The write asks again for whatever could have changed since the read.
    private async Task<RefreshedSession?> TryOrdinaryAsync(
        byte[] presented, byte[] hash, Client? client, IReadOnlyList<string>? scopes, CancellationToken cancellationToken)
    {
        if (await ordinary.ReadAsync(hash, cancellationToken) is not { Token: { UsedAt: null } token, Session: var session, User: var user } found
            || session.ClientId != client?.Id
            || !outcome.Usable(session, user, token)
            || scopes?.Except(session.Scopes ?? [], StringComparer.Ordinal).Any() == true)
        {
            return null;
        }

        var successor = format.SuccessorsOf(presented, token.Id).First();
        var (access, granted) = sessions.Issue(user, session, Still(session, client, scopes), found.Roles);
        return await ordinary.WriteAsync(outcome.RowOf(found, sessions.SuccessorOf(session, successor, token)), cancellationToken)
            ? outcome.Exchanged(new RefreshedSession(session, user, access, granted, RefreshTokenFormat.Write(successor)))
            : null;
    }

    private async Task<RefreshedSession?> ExchangeLockedAsync(
        byte[] presented, byte[] hash, Client? client, IReadOnlyList<string>? scopes, CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await LockSessionAsync(hash, cancellationToken) is not { } session || session.ClientId != client?.Id)
        {
            return outcome.Refused();
        }

        // Read after the lock, so that it shows what the request before this one did.
        var (token, user) = await ReadAsync(session, hash, cancellationToken);
        if (!outcome.Usable(session, user, token) || scopes?.Except(session.Scopes ?? [], StringComparer.Ordinal).Any() == true)
        {
            return outcome.Refused();
        }

        var repeated = token.UsedAt is not null;
        var given = repeated ? await UnusedSuccessorAsync(token, cancellationToken) : null;
        if (repeated && !outcome.IsRepetition(token, given is not null))
        {
            await ending.EndStolenAsync(session, user, cancellationToken);
            return outcome.Reused();
        }

        var successors = format.SuccessorsOf(presented, token.Id);
        var successor = given is null
            ? successors.First()
            : successors.FirstOrDefault(one => RefreshTokenFormat.Hash(one).AsSpan().SequenceEqual(given));
        if (successor is null)
        {
            return outcome.Refused(); // made under an encryption key that is not configured any more
        }

        if (!repeated)
        {
            sessions.Add(session, successor, token);
        }

        outcome.Exchange(session, user, token, repeated);

        var (access, granted) = await sessions.IssueAsync(user, session, Still(session, client, scopes), cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new RefreshedSession(session, user, access, granted, RefreshTokenFormat.Write(successor));
    }

    // What an administrator has taken from the application since is no more to be had.
    private static string[]? Still(Session session, Client? client, IReadOnlyList<string>? scopes) =>
        client is null ? null : (scopes ?? session.Scopes ?? []).Intersect(client.Scopes, StringComparer.Ordinal).ToArray();

    // In one statement: each costs a way to the database and back while others wait for the lock.
    private async Task<(RefreshToken Token, User User)> ReadAsync(Session session, byte[] hash, CancellationToken cancellationToken)
    {
        var found = await database.RefreshTokens
            .Where(row => row.Hash == hash)
            .Select(row => new
            {
                Token = row,
                User = database.Users.Single(user => user.Id == session.UserId),
            })
            .SingleAsync(cancellationToken);
        return (found.Token, found.User);
    }

    private async Task<Session?> LockSessionAsync(byte[] hash, CancellationToken cancellationToken) =>
        await database.Sessions
            .FromSql(
                $"""
                SELECT * FROM sessions
                WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = {hash})
                FOR UPDATE
                """)
            .IgnoreQueryFilters()
            .SingleOrDefaultAsync(cancellationToken);

    private Task<byte[]?> UnusedSuccessorAsync(RefreshToken token, CancellationToken cancellationToken) =>
        database.RefreshTokens.Where(row => row.ParentId == token.Id && row.UsedAt == null)
            .Select(row => row.Hash).SingleOrDefaultAsync(cancellationToken);
}
