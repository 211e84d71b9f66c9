using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Tokens;

/// <summary>
/// What a connection's last Authorization header stood for. The server gives a request the very same string as the one
/// before when its octets are the same, so a client that keeps its connection saves the digest of its token. Over HTTP/1.1
/// only: there a connection has one request at a time.
/// </summary>
internal sealed class KnownConnection
{
    private static readonly object Key = new();

    private string? _header;
    private VerifiedToken? _token;

    public static VerifiedToken? Find(HttpContext context, string header) =>
        ItemsOf(context) is { } items
        && items.TryGetValue(Key, out var item)
        && item is KnownConnection known
        && ReferenceEquals(known._header, header)
            ? known._token
            : null;

    public static void Remember(HttpContext context, string header, VerifiedToken token)
    {
        if (ItemsOf(context) is not { } items)
        {
            return;
        }

        if (!items.TryGetValue(Key, out var item) || item is not KnownConnection known)
        {
            items[Key] = known = new KnownConnection();
        }

        known._header = header;
        known._token = token;
    }

    private static IDictionary<object, object?>? ItemsOf(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) ? context.Features.Get<IConnectionItemsFeature>()?.Items : null;
}
