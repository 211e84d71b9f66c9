using System.Globalization;
using System.Security.Claims;
using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>
/// Looks the caller's session up in the database, which knows of its end before any gateway does: here, where it costs one
/// read, no token outlives its session. Notes that the session was seen.
/// </summary>
internal static class LivingSession
{
    /// <summary>401 <c>invalid_token</c> for a session that ended, an account that was disabled, a token of an earlier epoch.</summary>
    public static TBuilder RequireLivingSession<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (await IsLivingAsync(http))
            {
                return await next(context);
            }

            await http.RequestServices.GetRequiredService<BearerProblems>().UnauthorizedAsync(http, "The session has ended.");
            return Results.Empty;
        });

    private static async Task<bool> IsLivingAsync(HttpContext http)
    {
        var caller = http.RequestServices.GetRequiredService<Caller>();
        var database = http.RequestServices.GetRequiredService<IdentityDb>();
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        if (!Guid.TryParse(caller.SessionId, out var session)
            || !Guid.TryParse(caller.Subject, out var user)
            || !long.TryParse(http.User.FindFirstValue(ClaimNames.Epoch), CultureInfo.InvariantCulture, out var epoch)
            || await database.Sessions
                .Where(row => row.Id == session && row.UserId == user && row.RevokedAt == null && row.ExpiresAt > now)
                .Where(row => database.Users.Any(owner => owner.Id == user && owner.DisabledAt == null && owner.Epoch <= epoch))
                .Select(row => (DateTimeOffset?)row.LastSeenAt)
                .SingleOrDefaultAsync(http.RequestAborted) is not { } lastSeen)
        {
            return false;
        }

        await http.RequestServices.GetRequiredService<SessionSightings>().NoteAsync(session, lastSeen, http.RequestAborted);
        return true;
    }
}
