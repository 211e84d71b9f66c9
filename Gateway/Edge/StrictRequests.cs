using System.Collections.Frozen;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ServiceDefaults.Problems;

namespace Gateway.Edge;

/// <summary>
/// Refuses what the server lets in and another one could read otherwise: 1. unknown methods (501), TRACE and CONNECT
/// (405); 2. targets that can be decoded two ways; 3. hosts that are not ours; 4. framing other than one length or plain
/// <c>chunked</c> over HTTP/1.1; 5. expectations that nobody here fulfils. The connection is closed: where the request
/// ends is in doubt.
/// </summary>
internal sealed class StrictRequests(RequestDelegate next, IOptionsMonitor<PublicHosts> hosts)
{
    private const string Allowed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    // How the server passes on a length that came beside a transfer encoding.
    private const string LengthBesideChunks = "X-Content-Length";

    private static readonly FrozenSet<string> Methods = Allowed.Split(", ").ToFrozenSet(StringComparer.Ordinal);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!Methods.Contains(request.Method))
        {
            return RefuseAsync(context, Method(context));
        }

        if (context.Features.Get<IHttpRequestFeature>()?.RawTarget is not { } target
            || !(RequestTarget.IsPlain(target) || (target == "*" && HttpMethods.IsOptions(request.Method))))
        {
            return RefuseAsync(context, Malformed("The address can be read in more than one way."));
        }

        if (!request.Host.HasValue)
        {
            return RefuseAsync(context, Malformed("There must be a Host header."));
        }

        if (!hosts.CurrentValue.Contains(request.Host.Host))
        {
            return RefuseAsync(context, Problem.Of(421, "unknown_host", "This host is not served here."));
        }

        if (request.Headers.TransferEncoding is { Count: > 0 } coding
            && (coding is not [{ } only] || !only.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                || request.Protocol == HttpProtocol.Http10
                || request.Headers.ContainsKey(LengthBesideChunks)))
        {
            return RefuseAsync(context, Malformed("A body comes with one Content-Length or as Transfer-Encoding: chunked."));
        }

        if (request.Headers.Expect is { Count: > 0 } expected
            && !(expected is [{ } one] && one.Equals("100-continue", StringComparison.OrdinalIgnoreCase)))
        {
            return RefuseAsync(context, Problem.Of(417, "unknown_expectation", "Nothing but 100-continue can be expected."));
        }

        return next(context);
    }

    private static IResult Method(HttpContext context)
    {
        context.Response.Headers.Allow = Allowed;
        return HttpMethods.IsTrace(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method)
            ? Problem.Of(405, ProblemCodes.MethodNotAllowed, "TRACE and CONNECT are not served.")
            : Problem.Of(501, "unknown_method", "This method is not known.");
    }

    private static IResult Malformed(string detail) => Problem.Of(400, ProblemCodes.MalformedRequest, detail);

    internal static Task RefuseAsync(HttpContext context, IResult answer)
    {
        // Only HTTP/1 knows this header; there it makes the server close after the answer.
        if (context.Request.Protocol is "HTTP/1.1" or "HTTP/1.0")
        {
            context.Response.Headers.Connection = "close";
        }

        return answer.ExecuteAsync(context);
    }
}
