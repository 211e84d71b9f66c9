using System.Buffers;
using System.Collections.Frozen;

namespace Gateway.SecurityHeaders;

/// <summary>
/// Sets the security headers on every answer, the gateway's own and proxied ones alike, and takes off what tells about
/// the software behind. Set when the response starts: whatever happened before, an error included, cannot lose them.
/// </summary>
internal sealed class ResponseHeaders(RequestDelegate next)
{
    private const string ApiPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string PagePolicy =
        "default-src 'self'; base-uri 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'none'";

    private const string Permissions =
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), "
        + "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
        + "publickey-credentials-get=(self), screen-wake-lock=(), usb=(), web-share=(), xr-spatial-tracking=()";

    private const string NotKept = "no-store";

    // Two years, as browsers' preload lists ask.
    private const string TransportSecurity = "max-age=63072000; includeSubDomains";

    private static readonly FrozenSet<string> Telling = new[]
    {
        "Server", "Via", "Powered-By", "Product", "SourceMap", "Host-Header", "$wsep", "K-Proxy-Request", "Liferay-Portal",
        "OracleCommerceCloud-Version", "Pega-Host",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Most headers are told apart by their first letter.
    private static readonly SearchValues<char> MayTell = FirstLetters([.. Telling, "X-"]);

    // RFC 6648 ended the X- prefix for new headers; the rest of them comes from products and says which.
    private static readonly FrozenSet<string> Kept = new[] { "X-Request-Id", "X-Accel-Buffering", "X-Robots-Tag" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        RequestState.Of(context);
        return next(context);
    }

    /// <summary>When the answer begins.</summary>
    public static void Write(HttpContext context, RequestState state)
    {
        Remove(context.Response.Headers);
        Add(context, state);
    }

    internal static SearchValues<char> FirstLetters(IEnumerable<string> names) => SearchValues.Create(
        [.. names.SelectMany(static name => (char[])[char.ToLowerInvariant(name[0]), char.ToUpperInvariant(name[0])]).Distinct()]);

    private static void Remove(IHeaderDictionary headers)
    {
        List<string>? removed = null;
        foreach (var header in headers)
        {
            if (MayTell.Contains(header.Key[0])
                && (Telling.Contains(header.Key)
                    || (header.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase) && !Kept.Contains(header.Key))))
            {
                (removed ??= []).Add(header.Key);
            }
        }

        foreach (var name in removed ?? [])
        {
            headers.Remove(name);
        }
    }

    /// <summary>What the gateway's own refusals have, for those that are made without a context.</summary>
    public static void AddToProblem(IHeaderDictionary headers)
    {
        AddFixed(headers);
        headers.ContentSecurityPolicy = ApiPolicy;
        headers.CacheControl = NotKept;
    }

    private static void AddFixed(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.XXSSProtection = "0"; // the filter it once switched on could itself be abused
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = Permissions;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Embedder-Policy"] = "require-corp";
        headers["X-Permitted-Cross-Domain-Policies"] = "none";
        headers["X-DNS-Prefetch-Control"] = "off";
    }

    private static void Add(HttpContext context, RequestState state)
    {
        var headers = context.Response.Headers;
        AddFixed(headers);

        // A page may bring a stricter policy of its own, with nonces, and the gateway's own page does; an API answer never
        // has anything to load, whatever its service says.
        if (state.Access is { Pages: false })
        {
            headers.ContentSecurityPolicy = ApiPolicy;
        }
        else if (headers.ContentSecurityPolicy.Count == 0)
        {
            headers.ContentSecurityPolicy = state.Access is null ? ApiPolicy : PagePolicy;
        }

        if (headers.CacheControl.Count == 0)
        {
            headers.CacheControl = NotKept;
        }

        state.Limits?.WriteTo(headers);

        // Over plain HTTP browsers ignore it (RFC 6797 section 7.2).
        if (context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = TransportSecurity;
        }
    }
}
