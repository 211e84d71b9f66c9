using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The one on whose behalf the current request runs. Handlers take it as a parameter; it is read from the validated token
/// and the connection, never from a body or a header that a client could set.
/// </summary>
public sealed class Caller(IHttpContextAccessor requests, TimeProvider time)
{
    private const int LongestUserAgent = 512;

    /// <summary><c>sub</c>, or <c>anonymous</c>.</summary>
    public string Subject => User?.FindFirstValue(ClaimNames.Subject) ?? Actor.Anonymous.Id;

    /// <summary><c>sub</c> as the id of a user or device.</summary>
    /// <exception cref="InvalidOperationException">Not signed in, or the subject is a client; the endpoint lacks a policy.</exception>
    public Guid SubjectId => Guid.TryParse(Subject, out var id)
        ? id
        : throw new InvalidOperationException("The caller has no id: the endpoint must require a scope that only users or devices have.");

    /// <summary><c>tid</c>; the default tenant before sign-in.</summary>
    public Guid TenantId => Guid.TryParse(User?.FindFirstValue(ClaimNames.Tenant), out var id) ? id : Tenants.Default;

    /// <summary><c>sid</c>.</summary>
    public string? SessionId => User?.FindFirstValue(ClaimNames.Session);

    /// <summary><c>jti</c> of the access token.</summary>
    public string? TokenId => User?.FindFirstValue(ClaimNames.TokenId);

    /// <summary>The client's address, after the forwarded headers of trusted proxies.</summary>
    public string? Address => requests.HttpContext?.Connection.RemoteIpAddress?.ToString();

    /// <summary>The client's User-Agent, cut to 512 characters.</summary>
    public string? UserAgent => requests.HttpContext?.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent
        ? agent[..Math.Min(agent.Length, LongestUserAgent)]
        : null;

    /// <summary>Whether the token carries the scope.</summary>
    public bool Has(string scope) => User?.HasClaim(ClaimNames.Scope, scope) ?? false;

    /// <summary>Who the events of this request name as their cause.</summary>
    public Actor Actor => User?.Identity?.IsAuthenticated != true
        ? Actor.Anonymous
        : new Actor(Kind, Subject, User.FindFirstValue(ClaimNames.Name));

    // The server span began with the request; without tracing nobody noted when that was.
    private TimeSpan? Elapsed(DateTimeOffset now) =>
        requests.HttpContext?.Features.Get<IHttpActivityFeature>()?.Activity is { } request
            ? now.UtcDateTime - request.StartTimeUtc
            : null;

    private ActorKind Kind => Has(Scopes.DevicesSelf) ? ActorKind.Device
        : Subject == User?.FindFirstValue(ClaimNames.Client) ? ActorKind.Client
        : ActorKind.User;

    private ClaimsPrincipal? User => requests.HttpContext?.User;

    /// <summary>A new envelope for an event that this request causes.</summary>
    /// <param name="actor">Another actor than the caller: the one who is just signing in.</param>
    /// <param name="tenantId">Another tenant than the caller's.</param>
    /// <param name="sessionId">Another session than the caller's: the one just begun.</param>
    public EventEnvelope Envelope(Actor? actor = null, Guid? tenantId = null, string? sessionId = null)
    {
        var now = time.GetUtcNow();
        return new EventEnvelope(
            Guid.CreateVersion7(now),
            now,
            tenantId ?? TenantId,
            actor ?? Actor,
            sessionId ?? SessionId,
            Address,
            UserAgent,
            Activity.Current?.TraceId.ToHexString(),
            Elapsed(now));
    }
}
