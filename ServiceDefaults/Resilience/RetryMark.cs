using ServiceDefaults.Resilience;

namespace System.Net.Http;

/// <summary>Says of one request whether it may be sent again.</summary>
public static class RetryMark
{
    /// <summary>
    /// Overrides the rule that only GET, HEAD, PUT, DELETE and OPTIONS are sent again. Allow it for a POST only when
    /// the receiver recognizes a repetition, by an <c>Idempotency-Key</c> say.
    /// </summary>
    public static HttpRequestMessage AllowRetry(this HttpRequestMessage request, bool allowed = true)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(RetryRule.Allowed, allowed);
        return request;
    }
}
