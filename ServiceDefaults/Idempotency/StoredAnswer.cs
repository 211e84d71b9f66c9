using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ServiceDefaults.Idempotency;

/// <summary>What was answered: enough to answer the same again.</summary>
/// <param name="Status">HTTP status, 2xx.</param>
/// <param name="Headers">Those that are part of the answer, not of its way.</param>
/// <param name="Body">As it was written.</param>
internal sealed record StoredAnswer(int Status, Dictionary<string, string> Headers, byte[] Body) : IResult
{
    private static readonly string[] Kept = ["Content-Type", "Location", "ETag", "Cache-Control"];

    /// <summary>Lets a result write itself, but not yet to the client: what it tells of is not committed.</summary>
    public static async Task<StoredAnswer> CaptureAsync(HttpContext http, IResult result)
    {
        var toClient = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var written = new MemoryStream();
        var captured = new StreamResponseBodyFeature(written);
        http.Features.Set<IHttpResponseBodyFeature>(captured);
        try
        {
            await result.ExecuteAsync(http);
            await captured.CompleteAsync();
        }
        finally
        {
            http.Features.Set(toClient);
        }

        var headers = Kept.Where(http.Response.Headers.ContainsKey)
            .ToDictionary(static name => name, name => http.Response.Headers[name].ToString(), StringComparer.Ordinal);
        return new(http.Response.StatusCode, headers, written.ToArray());
    }

    public static StoredAnswer Parse(ReadOnlySpan<byte> stored) => JsonSerializer.Deserialize<StoredAnswer>(stored)!;

    public byte[] Format() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <inheritdoc />
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        foreach (var (name, value) in Headers)
        {
            httpContext.Response.Headers[name] = value;
        }

        httpContext.Response.ContentLength = Body.Length;
        return httpContext.Response.Body.WriteAsync(Body, httpContext.RequestAborted).AsTask();
    }
}
