using System.Text.Json.Serialization;
using IdentityService.Revocations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using ServiceDefaults.Authentication;

namespace IdentityService.Sessions;

/// <summary>What a client that logs out may send. The session ends with all of its refresh tokens either way.</summary>
public sealed record LogOutRequest
{
    [JsonPropertyName("refresh_token")]
    public string? RefreshToken { get; init; }
}

/// <summary>
/// Ends the caller's session. Answers once every living gateway refuses its tokens, or after a second: the session is
/// ended then as well, and the gateways follow.
/// </summary>
internal static class LogOut
{
    public static async Task<NoContent> HandleAsync(
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] LogOutRequest? request,
        Caller caller,
        SessionEnding ending,
        RevocationReceipts receipts,
        CancellationToken cancellationToken)
    {
        _ = request; // Read so that a malformed one is refused.
        if (Guid.TryParse(caller.SessionId, out var session)
            && await ending.EndOwnAsync(session, new SessionEnd("user.logout", caller.Envelope()), cancellationToken) is { } revocation)
        {
            await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
