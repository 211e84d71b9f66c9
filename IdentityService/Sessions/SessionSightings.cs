using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>Notes that a session was used, and from where: in the database once a minute at most, however many ask at once.</summary>
internal sealed class SessionSightings(IdentityDb database, Caller caller, TimeProvider time)
{
    /// <param name="session">The session.</param>
    /// <param name="lastSeen">As it was just read.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task NoteAsync(Guid session, DateTimeOffset lastSeen, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        if (now - lastSeen < Session.SeenEvery)
        {
            return;
        }

        // Asked again in the statement: of several that come at once, the first one's write is seen by the others.
        var due = now - Session.SeenEvery;
        await database.Sessions
            .Where(row => row.Id == session && row.LastSeenAt <= due)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.LastSeenAt, now)
                    .SetProperty(row => row.Address, caller.Address)
                    .SetProperty(row => row.UserAgent, caller.UserAgent),
                cancellationToken);
    }
}
