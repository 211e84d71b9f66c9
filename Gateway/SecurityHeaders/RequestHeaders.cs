using System.Buffers;
using System.Collections.Frozen;
using Gateway.Edge;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Gateway.SecurityHeaders;

/// <summary>
/// Takes from a request every header by which a service could be told who calls: only the token says so, and addresses
/// only by the headers that the gateway sets anew. Trace context of the client is kept, so that one trace can begin
/// there; its baggage is not. Names and values that are none (RFC 9110 section 5) are refused: the server lets some in.
/// </summary>
internal sealed class RequestHeaders(RequestDelegate next, IOptions<HttpLimits> limits)
{
    private static readonly SearchValues<char> InNames = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // Control characters but the tab, and what stands for bytes that are no UTF-8.
    private static readonly SearchValues<char> NotInValues = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(static code => code != '\t').Select(static code => (char)code), '\x7f', '\ufffd']);

    private static readonly string[] Prefixes =
    [
        "X-User-", "X-Tenant-", "X-Platform-", "X-Forwarded-", "X-Original-", "X-Internal-", "X-Auth-", "X-Authenticated-",
        "X-Client-Cert", "X-Content-Length", "X-Remote-", "X-Identity-", "X-Gateway-",
    ];

    private static readonly FrozenSet<string> Names = new[]
    {
        "X-User", "X-Tenant", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "Forwarded", "X-Rewrite-URL",
        "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "Baggage", "Correlation-Context", "Request-Id", "Via",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Most headers are told apart by their first letter.
    private static readonly SearchValues<char> MayBeForeign = ResponseHeaders.FirstLetters([.. Names, .. Prefixes]);

    private readonly int _longest = limits.Value.HeaderValueLength;

    public Task InvokeAsync(HttpContext context)
    {
        List<string>? removed = null;
        foreach (var header in context.Request.Headers)
        {
            if (Refusal(header.Key, header.Value) is { } refusal)
            {
                return StrictRequests.RefuseAsync(context, refusal);
            }

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

    private IResult? Refusal(string name, StringValues values)
    {
        if (name.AsSpan().ContainsAnyExcept(InNames))
        {
            return GatewayProblems.HeaderNotReadable();
        }

        for (var index = 0; index < values.Count; index++)
        {
            var value = values[index].AsSpan();
            if (value.Length > _longest)
            {
                return GatewayProblems.HeaderTooLarge();
            }

            if (value.ContainsAny(NotInValues))
            {
                return GatewayProblems.HeaderNotReadable();
            }
        }

        return null;
    }

    internal static bool IsForeign(string name)
    {
        if (!MayBeForeign.Contains(name[0]))
        {
            return false;
        }

        // Some frameworks read X_User_Id as X-User-Id.
        if (name.Contains('_', StringComparison.Ordinal))
        {
            name = name.Replace('_', '-');
        }

        return Names.Contains(name) || ((name[0] | 0x20) == 'x' && HasForeignPrefix(name));
    }

    private static bool HasForeignPrefix(string name)
    {
        foreach (var prefix in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
