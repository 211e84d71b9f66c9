using System.Text;
using ServiceDefaults.Authentication;

namespace Gateway.Tests.Support;

/// <summary>Makes requests that are nearly good, or not at all.</summary>
internal sealed class HostileRequests(string host, Issuer issuer)
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PRI", "get", "G\0T", "", "A", "GET GET", "\xff\xfe"];

    private static readonly string[] Targets =
    [
        "/connect/token", "/api/v1/auth/me", "/api/v1/auth/login", "/.well-known/jwks.json", "/account/x", "/openapi/", "/openapi/index.html", "/nothing",
        "/", "*", "//", "/..", "/%2e%2e/", "/connect/%00", "/connect/%c0%af", "/connect/..%2f..", "\\", "http://evil.test/", "connect/x", "/connect/\xc3\xa4",
        "/connect/%F0%9F%98%80", "/connect/token?a=%00&b[]=1&c=%zz", "/connect/?\x01", "/connect/?q={\"a\":1}", "/connect/#x", "",
    ];

    private static readonly string[] Headers =
    [
        "Content-Length: 5", "Content-Length: -1", "Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 99999999999", "Content-Length: 0",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding : chunked",
        "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded", "Content-Type: \xff", "Content-Type:", "Content-Encoding: br",
        "Expect: 100-continue", "Expect: x", "Connection: keep-alive", "Connection: close, Host, Authorization", "Connection: Upgrade", "Upgrade: websocket",
        "Upgrade: h2c", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 99", "Accept: text/event-stream", "Accept: */*;q=x",
        "Range: bytes=0-,5-1,-99999999999999999999", "If-None-Match: \"", "Origin: null", "Origin: https://evil.test", "Access-Control-Request-Method: GET",
        "Cookie: a=b; a=c; =;;", "X-Forwarded-For: \x7f", "X-Forwarded-For: 1.2.3.4, evil", "X-Forwarded-Proto: https", "X-User-Id: 1", "X-API-Key: x", "Host: evil.test",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "traceparent: ff-\x01", "tracestate: a=b,a=b,,", "baggage: a=%zz",
        "X-Request-Id: \r\n folded", "X-A: \0", "X-A: \x01", "X A: b", "X(A): b", ": b", "nonsense", "X-A:b:c", "X_A: b", "X-\xe9: b", "Authorization: Basic eDp5",
        "Authorization: Basic \xff", "Authorization: Bearer", "Authorization: Bearer a.b.c", "Authorization: Bearer ..", "Authorization: Negotiate x", "Authorization:",
        "Trailer: Content-Length", "TE: trailers, deflate;q=0.5", "Proxy-Connection: x", "Keep-Alive: timeout=99999999999", "Date: never", "User-Agent: " + "\xf0\x9f\x98\x80",
    ];

    private static readonly string[] Bodies =
    [
        "", "hello", "5\r\nhello\r\n0\r\n\r\n", "zz\r\n", "5;x=\"\r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "0\r\nX: y\r\n\r\n", "-1\r\n", "{\"a\":", "\xff\xfe\0",
        "GET /second HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ];

    private static readonly string[] LineEnds = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", ""];

    private readonly string _token = issuer.User(Scopes.IdentitySelf);

    public string Make(Random random) => random.Next(20) switch
    {
        0 => Noise(random, random.Next(1, 2000)),
        1 => Huge(random),
        2 => Flip(random, Good(random)),
        3 => Good(random)[..^random.Next(1, 20)],
        4 => Good(random) + Mutated(random),
        _ => Mutated(random),
    };

    private string Good(Random random) => random.Next(2) == 0
        ? $"GET /connect/x?a={random.Next()} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {_token}\r\nUser-Agent: fuzz\r\n\r\n"
        : $"POST /connect/token HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";

    private string Mutated(Random random)
    {
        StringBuilder text = new();
        text.Append(Mostly(random, "GET", Methods)).Append(Mostly(random, " ", ["", "  ", "\t"]))
            .Append(Mostly(random, "/connect/x", Targets, 2)).Append(Mostly(random, " ", ["", "  ", "\t"]))
            .Append(Mostly(random, "HTTP/1.1", ["HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.10", "http/1.1", "HTTP/1.1 x", ""])).Append(LineEnd(random));
        text.Append(Mostly(random, $"Host: {host}", ["", "Host:", "Host: a b", "Host: [::1", "Host: \xff", $"Host: {host}\r\nHost: {host}"])).Append(LineEnd(random));
        for (var count = random.Next(6); count > 0; count--)
        {
            text.Append(random.Next(8) == 0 ? $"Authorization: Bearer {Flip(random, _token)}" : Headers[random.Next(Headers.Length)]).Append(LineEnd(random));
        }

        return text.Append(LineEnd(random)).Append(Bodies[random.Next(Bodies.Length)]).ToString();
    }

    private string Huge(Random random) => random.Next(5) switch
    {
        0 => $"GET /connect/{new string('a', random.Next(7000, 20_000))} HTTP/1.1\r\nHost: {host}\r\n\r\n",
        1 => $"GET /connect/x HTTP/1.1\r\nHost: {host}\r\nX-A: {new string('a', random.Next(10_000, 60_000))}\r\n\r\n",
        2 => $"GET /connect/x HTTP/1.1\r\nHost: {host}\r\n{string.Concat(Enumerable.Repeat("a: b\r\n", random.Next(50, 500)))}\r\n",
        3 => $"POST /connect/token HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{string.Concat(Enumerable.Repeat("1\r\na\r\n", random.Next(100, 3000)))}0\r\n\r\n",
        _ => $"GET /connect/x HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {new string('a', random.Next(1000, 30_000))}\r\n\r\n",
    };

    private static string Flip(Random random, string text)
    {
        var letters = text.ToCharArray();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            letters[random.Next(letters.Length)] = (char)random.Next(256);
        }

        return new string(letters);
    }

    private static string Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    private static string Mostly(Random random, string good, string[] others, int oneIn = 6) =>
        random.Next(oneIn) == 0 ? others[random.Next(others.Length)] : good;

    private static string LineEnd(Random random) => random.Next(4) == 0 ? LineEnds[random.Next(LineEnds.Length)] : "\r\n";
}
