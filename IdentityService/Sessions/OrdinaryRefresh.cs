using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Grouping;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Data;

namespace IdentityService.Sessions;

/// <summary>A refresh token with all that its exchange depends on, as it was a moment ago; read only.</summary>
internal sealed record PresentedToken(RefreshToken Token, Session Session, User User, IReadOnlyList<string> Roles);

/// <summary>
/// Reads and writes for the exchange that nearly all are: the first of a token whose session nothing else happens to. Each is
/// one statement, shared with the exchanges of other sessions at the same time. What it does not find so it leaves alone:
/// then <see cref="RefreshSession"/> looks again under the session's lock.
/// </summary>
internal sealed class OrdinaryRefresh
{
    private readonly IServiceScopeFactory _scopes;
    private readonly Grouped<byte[], PresentedToken?> _reads;
    private readonly Grouped<RefreshRow, bool> _writes;

    public OrdinaryRefresh(IServiceScopeFactory scopes, RefreshRows rows)
    {
        _scopes = scopes;
        _reads = new(ReadAsync);
        _writes = new(rows.WriteAsync);
    }

    /// <summary>Reads a token by its hash; null where there is none.</summary>
    public Task<PresentedToken?> ReadAsync(byte[] hash, CancellationToken cancellationToken) => _reads.AskAsync(hash, cancellationToken);

    /// <summary>
    /// Uses a token and adds its successor and the event. False when it is not to be had like that any more: the token was
    /// used, the session or the account ended, or somebody is at the session.
    /// </summary>
    public Task<bool> WriteAsync(RefreshRow row, CancellationToken cancellationToken) => _writes.AskAsync(row, cancellationToken);

    private async Task<IReadOnlyList<PresentedToken?>> ReadAsync(IReadOnlyList<byte[]> hashes)
    {
        await using var scope = _scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var wanted = hashes.ToArray();
        var found = await (
            from token in database.RefreshTokens
            join session in database.Sessions on token.SessionId equals session.Id
            join user in database.Users on session.UserId equals user.Id
            where wanted.Contains(token.Hash)
            select new
            {
                Token = token,
                Session = session,
                User = user,
                Roles = database.UserRoles.Where(row => row.UserId == user.Id)
                    .Join(database.Roles, row => row.RoleId, role => role.Id, (_, role) => role.Name!)
                    .OrderBy(name => name).ToList(),
            }).AsNoTracking().ToListAsync();
        var byHash = found.ToDictionary(
            static row => Convert.ToHexString(row.Token.Hash),
            row => new PresentedToken(row.Token, row.Session, row.User, database.UsableRoles(row.User, row.Roles)),
            StringComparer.Ordinal);
        return [.. hashes.Select(hash => byHash.GetValueOrDefault(Convert.ToHexString(hash)))];
    }
}
