using System.Collections.Concurrent;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests;

/// <summary>
/// Requests whose end or meaning two servers could see differently (RFC 9112 section 11). Each is followed by a second
/// request on the same connection, which must not be answered either: its bytes could be the first one's body.
/// </summary>
[Collection(SharedGatewayTests.Name)]
public sealed class RequestSmugglingTests(SharedGateway shared) : IDisposable
{
    private const string Head = "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n";
    private const string Chunked = Head + "Transfer-Encoding: chunked\r\n\r\n";
    private const string Good = Chunked + "5;a=\0b\r\nhello\r\n0\r\nAuthorization: Bearer x\r\nContent-Length: 9\r\nX-User-Id: x\r\n\r\n";
    private const string Next = "GET {path}/second HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";

    private readonly ConcurrentQueue<string> _completed = [];
    private readonly RequestDelegate? _before = shared.Around.Identity.Answer;

    public static TheoryData<string, string> AmbiguousHeads => new()
    {
        { "bare LF after the request line", "GET {path} HTTP/1.1\nHost: {host}\r\n\r\n" },
        { "bare LF after a header", "GET {path} HTTP/1.1\r\nHost: {host}\nX-A: b\r\n\r\n" },
        { "bare LF at the end of the headers", "GET {path} HTTP/1.1\r\nHost: {host}\r\n\n" },
        { "bare LF everywhere", "GET {path} HTTP/1.1\nHost: {host}\n\n" },
        { "bare CR in the request line", "GET {path}\r HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "bare CR in a header value", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\rX-C: d\r\n\r\n" },
        { "bare CR before the end of a line", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\r\n\r\n" },
        { "folded header with a space", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n c\r\n\r\n" },
        { "folded header with a tab", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n\tc\r\n\r\n" },
        { "folded length", Head + "Content-Length:\r\n 5\r\n\r\nhello" },
        { "first header folded", "GET {path} HTTP/1.1\r\n Host: {host}\r\n\r\n" },
        { "length and chunked", Head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "chunked and length", Head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "two lengths", Head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" },
        { "the same length twice", Head + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" },
        { "length with a plus", Head + "Content-Length: +5\r\n\r\nhello" },
        { "length with a minus", Head + "Content-Length: -5\r\n\r\nhello" },
        { "length as a list", Head + "Content-Length: 5, 5\r\n\r\nhello" },
        { "length in hex", Head + "Content-Length: 0x5\r\n\r\nhello" },
        { "length with a space inside", Head + "Content-Length: 5 5\r\n\r\nhello" },
        { "length with a fraction", Head + "Content-Length: 5.0\r\n\r\nhello" },
        { "length too long for a number", Head + "Content-Length: 99999999999999999999\r\n\r\nhello" },
        { "empty length", Head + "Content-Length:\r\n\r\nhello" },
        { "length with a vertical tab", Head + "Content-Length: \v5\r\n\r\nhello" },
        { "length with a form feed", Head + "Content-Length: 5\f\r\n\r\nhello" },
        { "chunked, then identity", Head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" },
        { "identity, then chunked", Head + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" },
        { "gzip, then chunked", Head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "identity alone", Head + "Transfer-Encoding: identity\r\n\r\n" },
        { "xchunked", Head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "chunkedx", Head + "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n" },
        { "chunked with a parameter", Head + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" },
        { "chunked twice in one", Head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" },
        { "chunked twice in two", Head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "chunked and identity in two", Head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
        { "quoted chunked", Head + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" },
        { "empty transfer encoding", Head + "Transfer-Encoding:\r\n\r\n0\r\n\r\n" },
        { "chunked after a vertical tab", Head + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" },
        { "chunked with a comma", Head + "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n" },
        { "chunked with a control byte", Head + "Transfer-Encoding: chunked\x01\r\n\r\n0\r\n\r\n" },
        { "chunked over HTTP/1.0", "POST {path} HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "space before the colon", Head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
        { "tab before the colon", Head + "Content-Length\t: 5\r\n\r\nhello" },
        { "header without a colon", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Nothing\r\n\r\n" },
        { "header without a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\n: value\r\n\r\n" },
        { "parenthesis in a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX(A): b\r\n\r\n" },
        { "quote in a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX\"A: b\r\n\r\n" },
        { "slash in a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX/A: b\r\n\r\n" },
        { "space in a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX A: b\r\n\r\n" },
        { "NUL in a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX\0A: b\r\n\r\n" },
        { "byte above ASCII in a name", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX\xe9: b\r\n\r\n" },
        { "NUL in a value", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\0c\r\n\r\n" },
        { "control byte in a value", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\x01" + "c\r\n\r\n" },
        { "DEL in a value", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\x7f\r\n\r\n" },
        { "bytes that are no UTF-8 in a value", "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-A: b\xff\xfe\r\n\r\n" },
        { "NUL in the target", "GET {path}\0 HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "control byte in the target", "GET {path}\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "control byte in the query", "GET {path}?a=\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "byte above ASCII in the target", "GET {path}\xe9 HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "byte above ASCII in the query", "GET {path}?a=\xe9 HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "two spaces in the request line", "GET  {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "space in the target", "GET {path} x HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "tab in the request line", "GET\t{path}\tHTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "space before the method", " GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "space after the version", "GET {path} HTTP/1.1 \r\nHost: {host}\r\n\r\n" },
        { "lower case version", "GET {path} http/1.1\r\nHost: {host}\r\n\r\n" },
        { "no version", "GET {path}\r\n\r\n" },
        { "version without a number", "GET {path} HTTP/\r\nHost: {host}\r\n\r\n" },
    };

    public static TheoryData<string, string> BrokenBodies => new()
    {
        { "chunk size no number", Chunked + "z\r\nhello\r\n0\r\n\r\n" },
        { "chunk size with 0x", Chunked + "0x5\r\nhello\r\n0\r\n\r\n" },
        { "chunk size with a plus", Chunked + "+5\r\nhello\r\n0\r\n\r\n" },
        { "chunk size with a minus", Chunked + "-5\r\nhello\r\n0\r\n\r\n" },
        { "chunk size after a space", Chunked + " 5\r\nhello\r\n0\r\n\r\n" },
        { "chunk size with an underscore", Chunked + "1_0\r\nhellohellohello1\r\n0\r\n\r\n" },
        { "chunk size beyond a number", Chunked + "fffffffffffffffff\r\nhello\r\n0\r\n\r\n" },
        { "chunk size of 2^32 + 5", Chunked + "100000005\r\nhello\r\n0\r\n\r\n" },
        { "empty chunk size", Chunked + "\r\nhello\r\n0\r\n\r\n" },
        { "chunk size ended by LF", Chunked + "5\nhello\r\n0\r\n\r\n" },
        { "chunk size ended by CR", Chunked + "5\rhello\r\n0\r\n\r\n" },
        { "chunk longer than its size", Chunked + "3\r\nhello\r\n0\r\n\r\n" },
        { "chunk ended by LF", Chunked + "5\r\nhello\n0\r\n\r\n" },
        { "chunk without an end", Chunked + "5\r\nhello0\r\n\r\n" },
        { "chunk extension ended by LF", Chunked + "5;a\nhello\r\n0\r\n\r\n" },
        { "chunk extension with LF inside", Chunked + "5;a\nb\r\nhello\r\n0\r\n\r\n" },
        { "chunk extension with CR inside", Chunked + "5;a\rb\r\nhello\r\n0\r\n\r\n" },
        { "chunk extension after a space", Chunked + "5 ;a\r\nhello\r\n0\r\n\r\n" },
        { "last chunk ended by LF", Chunked + "5\r\nhello\r\n0\n\n" },
        { "trailer ended by LF", Chunked + "5\r\nhello\r\n0\r\nX-A: b\n\r\n" },
        { "trailer without a colon", Chunked + "5\r\nhello\r\n0\r\nX-A\r\n\r\n" },
        { "trailer with NUL", Chunked + "5\r\nhello\r\n0\r\nX-A: \0\r\n\r\n" },
        { "trailer folded", Chunked + "5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n" },
    };

    public void Dispose() => shared.Around.Identity.Answer = _before;

    [Theory]
    [MemberData(nameof(AmbiguousHeads))]
    public async Task Head_ThatCanBeReadTwoWays_IsRefusedAndNothingReachesTheService(string what, string request)
    {
        var path = Path();

        var answer = await SendAsync(path, request);

        MustBeRefused(what, answer);
        Assert.DoesNotContain(shared.Around.Identity.Arrivals, arrived => arrived.Path.StartsWith(path, StringComparison.Ordinal));
    }

    // The head is passed on before the body is there, so the service sees a request begin; it never sees it end.
    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task Chunks_ThatCanBeReadTwoWays_AreRefusedAndTheServiceNeverSeesTheRequestEnd(string what, string request)
    {
        ReadBodies();
        var path = Path();

        var answer = await SendAsync(path, request);

        MustBeRefused(what, answer);
        Assert.DoesNotContain(_completed, completed => completed.StartsWith(path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Chunks_WithAnExtensionAndTrailers_ArePassedOnWithoutThem()
    {
        ReadBodies();
        var path = Path();

        var answer = await SendAsync(path, Good);

        Assert.Equal(2, answer.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.Equal([$"{path}: 5 bytes, trailers ", $"{path}/second: 0 bytes, trailers "], _completed);
    }

    private static string Path() => $"/connect/{Guid.CreateVersion7():N}";

    private static void MustBeRefused(string what, string answer)
    {
        Assert.True(
            answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 505 ", StringComparison.Ordinal),
            $"{what}: {answer}");
        Assert.True(answer.Split("HTTP/1.1 ").Length == 2, $"{what}: {answer}");
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nServer:", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Content-Type-Options: nosniff\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal) ? "\"malformed_request\"" : "\"version_not_supported\"", answer, StringComparison.Ordinal);
    }

    private async Task<string> SendAsync(string path, string request)
    {
        using var raw = await RawConnection.OpenAsync(shared.Gateway.Address);
        return await raw.SendAsync((request + Next)
            .Replace("{path}", path, StringComparison.Ordinal)
            .Replace("{host}", shared.Gateway.Address.Authority, StringComparison.Ordinal));
    }

    private void ReadBodies() => shared.Around.Identity.Answer = async context =>
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var trailers = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestTrailersFeature>()!.Trailers;
        _completed.Enqueue($"{context.Request.Path}: {body.Length} bytes, trailers {string.Join(' ', trailers.Keys)}");
    };
}
