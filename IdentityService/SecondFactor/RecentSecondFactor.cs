using System.Globalization;
using IdentityService.Data;
using IdentityService.Sessions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.SecondFactor;

/// <summary>
/// Step-up (RFC 9470): what is dangerous needs proof, of just now, that it is the user, a second factor from whoever has
/// one. Asked of the session in the database, so what is proved counts at once for every token of the session. Tokens
/// without a session, those of API keys and of clients, prove nothing about a person and are refused.
/// </summary>
internal static class RecentSecondFactor
{
    /// <summary>
    /// 401 <c>insufficient_user_authentication</c> unless the second factor, or without one the password, was given in the
    /// last <see cref="SecondFactorOptions.RecentFor"/>. Beside the route's scope, which it does not replace.
    /// </summary>
    public static TBuilder RequireRecentSecondFactor<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (context, next) =>
        {
            return await RefusalAsync(context.HttpContext) is { } refusal ? refusal : await next(context);
        });

    /// <summary>The same for a route of which only a part is dangerous; null where it may go on.</summary>
    public static async Task<ProblemHttpResult?> RefusalAsync(HttpContext http)
    {
        if (await LackingAsync(http) is not { } level)
        {
            return null;
        }

        var recent = http.RequestServices.GetRequiredService<IOptions<SecondFactorOptions>>().Value.RecentFor;
        http.Response.Headers.WWWAuthenticate = string.Create(
            CultureInfo.InvariantCulture,
            $"Bearer realm=\"platform\", error=\"insufficient_user_authentication\", error_description=\"A more recent authentication is required.\", acr_values=\"{level}\", max_age=\"{(long)recent.TotalSeconds}\"");
        return SecondFactorProblems.InsufficientAuthentication();
    }

    /// <summary>The level that the caller must prove anew; null for none.</summary>
    private static async Task<string?> LackingAsync(HttpContext http)
    {
        var caller = http.RequestServices.GetRequiredService<Caller>();
        if (!Guid.TryParse(caller.SessionId, out var id) || !Guid.TryParse(caller.Subject, out var user))
        {
            return AuthenticationLevels.Two;
        }

        var database = http.RequestServices.GetRequiredService<IdentityDb>();
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var since = now - http.RequestServices.GetRequiredService<IOptions<SecondFactorOptions>>().Value.RecentFor;
        var found = await database.Sessions
            .Where(row => row.Id == id && row.UserId == user && row.RevokedAt == null && row.ExpiresAt > now)
            .Join(database.Users.Where(owner => owner.DisabledAt == null), row => row.UserId, owner => owner.Id, (row, owner) => new { row.AuthenticatedAt, row.SecondFactorAt, owner.TwoFactorEnabled })
            .SingleOrDefaultAsync(http.RequestAborted);
        return found is null ? AuthenticationLevels.Two
            : found.TwoFactorEnabled ? found.SecondFactorAt >= since ? null : AuthenticationLevels.Two
            : found.AuthenticatedAt >= since ? null : AuthenticationLevels.One;
    }
}
