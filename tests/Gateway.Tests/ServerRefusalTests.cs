using System.Text;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests;

/// <summary>What the server refuses before there is a request is answered like every other refusal.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class ServerRefusalTests(SharedGateway shared) : IDisposable
{
    private const string BareHead = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";

    private readonly RequestDelegate? _before = shared.Around.Identity.Answer;

    public void Dispose() => shared.Around.Identity.Answer = _before;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request")]
    [InlineData("HEAD /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request")]
    [InlineData("nonsense\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505, "version_not_supported")]
    public async Task Refusal_OfTheServer_IsAProblemThatTellsNothing(string request, int status, string code)
    {
        var answer = await SendAsync(request);

        MustBeProblem(answer, status, code);
        Assert.Equal(await HeadersOfTheGatewaysOwnAsync(), NamesOf(answer).Except(["Allow"]));
    }

    [Theory]
    [InlineData(9000, 10, 414, "target_too_long")]
    [InlineData(10, 40_000, 431, "headers_too_large")]
    public async Task Refusal_OfWhatIsTooLong_NamesIt(int target, int header, int status, string code) => MustBeProblem(
        await SendAsync($"GET /{new string('a', target)} HTTP/1.1\r\nHost: x\r\nX-A: {new string('a', header)}\r\n\r\n"), status, code);

    [Fact]
    public async Task Refusal_AfterAnAnswerOnTheSameConnection_IsAProblemToo()
    {
        var answer = await SendAsync($"GET /connect/x HTTP/1.1\r\nHost: {shared.Gateway.Address.Authority}\r\n\r\nGET /\0 HTTP/1.1\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        MustBeProblem(answer[answer.IndexOf("HTTP/1.1 400", StringComparison.Ordinal)..], 400, "malformed_request");
    }

    [Fact]
    public async Task Body_ThatReadsLikeARefusal_ArrivesAsItIs()
    {
        TaskCompletionSource beginWasRead = new();
        shared.Around.Identity.Answer = async context =>
        {
            await context.Response.WriteAsync("It said: ");
            await context.Response.Body.FlushAsync();
            await beginWasRead.Task;
            await context.Response.WriteAsync(BareHead);
        };
        using var raw = await RawConnection.OpenAsync(shared.Gateway.Address);
        await raw.WriteAsync($"GET /connect/x HTTP/1.0\r\nHost: {shared.Gateway.Address.Authority}\r\n\r\n");
        Assert.EndsWith("\r\n\r\nIt said: ", await raw.ReadAsync(), StringComparison.Ordinal);
        beginWasRead.SetResult();

        Assert.Equal(BareHead, await raw.ReadToEndAsync(TimeSpan.FromSeconds(60)));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n")]
    [InlineData("HTTP/1.1 4000\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/2 400\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("")]
    public void Text_ThatIsNoBareRefusal_IsLeftAsItIs(string written) =>
        Assert.Null(RefusalText.Of(Encoding.ASCII.GetBytes(written), "one"));

    private static void MustBeProblem(string answer, int status, string code)
    {
        var parts = answer.Split("\r\n\r\n");
        Assert.Equal(2, parts.Length);
        Assert.StartsWith($"HTTP/1.1 {status} ", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", parts[0], StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\n", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", parts[0], StringComparison.Ordinal);
        using var problem = JsonDocument.Parse(parts[1]);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal(code, problem.RootElement.GetProperty("code").GetString());
        Assert.All((string[])["title", "detail", "traceId"], name => Assert.NotEqual("", problem.RootElement.GetProperty(name).GetString()));
    }

    private static string[] NamesOf(string answer) =>
        [.. answer.Split("\r\n\r\n")[0].Split("\r\n").Skip(1).Select(line => line.Split(':')[0]).Order(StringComparer.Ordinal)];

    /// <summary>The headers of a refusal by the pipeline, without what only a request has.</summary>
    private async Task<IEnumerable<string>> HeadersOfTheGatewaysOwnAsync()
    {
        var own = await SendAsync($"GET /%2e HTTP/1.1\r\nHost: {shared.Gateway.Address.Authority}\r\n\r\n");
        Assert.Contains("\"malformed_request\"", own, StringComparison.Ordinal);
        return NamesOf(own.Replace("Transfer-Encoding: chunked", "Content-Length: 0", StringComparison.Ordinal)).Except(["X-Request-Id"]);
    }

    private async Task<string> SendAsync(string request)
    {
        using var raw = await RawConnection.OpenAsync(shared.Gateway.Address);
        return await raw.SendAsync(request);
    }
}
