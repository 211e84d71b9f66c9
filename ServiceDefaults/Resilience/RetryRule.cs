using System.Net;
using System.Net.Http.Headers;
using Polly;
using Polly.Timeout;

namespace ServiceDefaults.Resilience;

/// <summary>What counts as a passing failure, and which requests may be sent again.</summary>
internal static class RetryRule
{
    internal static readonly HttpRequestOptionsKey<bool> Allowed = new("Platform.AllowRetry");

    // A body must be at hand to be sent twice; larger ones are not kept for that.
    private const long LargestKeptBody = 256 * 1024;

    public static async Task<bool> MayRepeatAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        bool idempotent = request.Options.TryGetValue(Allowed, out bool marked)
            ? marked
            : request.Method.Method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS";
        if (!idempotent || request.Content is not { } content)
        {
            return idempotent;
        }

        if (content.Headers.ContentLength is not (>= 0 and <= LargestKeptBody))
        {
            return false;
        }

        await content.LoadIntoBufferAsync(LargestKeptBody, cancellationToken);
        return true;
    }

    public static bool IsPassing(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result: { } answer } => IsPassing(answer.StatusCode),
        _ => false,
    };

    public static TimeSpan? RetryAfter(HttpResponseMessage? answer, TimeProvider time) => answer?.Headers.RetryAfter switch
    {
        RetryConditionHeaderValue { Delta: { } delay } => delay,
        RetryConditionHeaderValue { Date: { } date } when date - time.GetUtcNow() is var delay && delay > TimeSpan.Zero => delay,
        _ => null,
    };

    // Not 500 and 501: the same request meets the same fault again.
    private static bool IsPassing(HttpStatusCode status) => status
        is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
