using System.Collections.Frozen;

namespace Gateway.SecurityHeaders;

/// <summary>
/// Takes from a request every header by which a service could be told who calls: only the token says so, and addresses
/// only by the headers that the gateway sets anew. Trace context of the client is kept, so that one trace can begin
/// there; its baggage is not.
/// </summary>
internal sealed class RequestHeaders(RequestDelegate next)
{
    private static readonly string[] Prefixes =
    [
        "X-User-", "X-Tenant-", "X-Platform-", "X-Forwarded-", "X-Original-", "X-Internal-", "X-Auth-", "X-Authenticated-",
        "X-Client-Cert", "X-Remote-", "X-Identity-", "X-Gateway-",
    ];

    private static readonly FrozenSet<string> Names = new[]
    {
        "X-User", "X-Tenant", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "Forwarded", "X-Rewrite-URL",
        "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "Baggage", "Correlation-Context", "Request-Id", "Via",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        List<string>? removed = null;
        foreach (var header in context.Request.Headers)
        {
            if (IsForeign(header.Key))
            {
                (removed ??= []).Add(header.Key);
            }
        }

        foreach (var name in removed ?? [])
        {
            context.Request.Headers.Remove(name);
        }

        return next(context);
    }

    internal static bool IsForeign(string name)
    {
        // Some frameworks read X_User_Id as X-User-Id.
        if (name.Contains('_', StringComparison.Ordinal))
        {
            name = name.Replace('_', '-');
        }

        return Names.Contains(name)
            || ((name[0] | 0x20) == 'x' && Array.Exists(Prefixes, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)));
    }
}
