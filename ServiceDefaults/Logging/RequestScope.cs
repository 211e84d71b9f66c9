using System.Collections;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Logging;

/// <summary>
/// Request, user and tenant of everything logged inside a request. The user is known only after authentication, so it
/// is read when a line is written, until <see cref="End"/>: work that outlives the request must not read a context
/// that may already serve another one.
/// </summary>
internal sealed class RequestScope(HttpContext context, string requestId) : IReadOnlyList<KeyValuePair<string, object?>>
{
    private const string RequestId = "requestId";
    private const string UserId = "userId";
    private const string TenantId = "tenantId";

    private static readonly AsyncLocal<RequestScope?> OfFlow = new();

    private HttpContext? _context = context;
    private (string? User, string? Tenant) _last;

    /// <summary>The scope of the request that the running code belongs to.</summary>
    public static RequestScope? Current
    {
        get => OfFlow.Value;
        set => OfFlow.Value = value;
    }

    public string Id => requestId;

    public int Count => 3;

    public KeyValuePair<string, object?> this[int index]
    {
        get
        {
            (string? user, string? tenant) = Who();
            return index switch
            {
                0 => new(RequestId, requestId),
                1 => new(UserId, user),
                2 => new(TenantId, tenant),
                _ => throw new ArgumentOutOfRangeException(nameof(index)),
            };
        }
    }

    public static bool IsStandard(string name) => name is RequestId or UserId or TenantId;

    /// <summary>The framework's own scopes: in the line already under our names, or a path, which may hold a secret.</summary>
    public static bool IsHosting(string name) => name is "RequestId" or "RequestPath" or "ConnectionId" or "SpanId" or "TraceId" or "ParentId";

    public void CopyTo(List<KeyValuePair<string, object?>> properties)
    {
        (string? user, string? tenant) = Who();
        properties.Add(new(RequestId, requestId));
        if (user is not null)
        {
            properties.Add(new(UserId, user));
        }

        if (tenant is not null)
        {
            properties.Add(new(TenantId, tenant));
        }
    }

    public void End()
    {
        _last = Who();
        _context = null;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (int index = 0; index < Count; index++)
        {
            yield return this[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private (string? User, string? Tenant) Who()
    {
        if (_context?.User is not { Identity.IsAuthenticated: true } user)
        {
            return _last;
        }

        return _last = (user.FindFirstValue("sub"), user.FindFirstValue("tid"));
    }
}
