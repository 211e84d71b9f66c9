using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using ServiceDefaults.Logging;

namespace ServiceDefaults.Telemetry;

/// <summary>One unexpected failure, with secrets removed.</summary>
/// <param name="Time">When it happened, UTC.</param>
/// <param name="Type">Full name of the exception's type.</param>
/// <param name="Message">Its message, redacted and at most 500 characters.</param>
/// <param name="Route">Method and route pattern, or null outside a request.</param>
/// <param name="TraceId">The W3C trace id, 32 hexadecimal digits, or null.</param>
public sealed record RecentError(DateTimeOffset Time, string Type, string Message, string? Route, string? TraceId);

/// <summary>The last 100 unexpected failures of this process, for an administrator. Safe for concurrent use.</summary>
public sealed class RecentErrors(TimeProvider time)
{
    internal const int Capacity = 100;
    private const int LongestMessage = 500;
    private readonly Queue<RecentError> _errors = new(Capacity);
    private readonly Lock _gate = new();

    /// <summary>Records a failure outside a request: a consumer, a background service.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="where">What was being done, such as a queue's name; no secrets.</param>
    public void Add(Exception exception, string? where = null)
    {
        string message = Redaction.Text(exception.Message);
        RecentError error = new(
            time.GetUtcNow(), exception.GetType().FullName ?? exception.GetType().Name,
            message.Length > LongestMessage ? message[..LongestMessage] : message, where,
            Activity.Current?.TraceId.ToHexString());
        PlatformTelemetry.Errors.Add(1, new KeyValuePair<string, object?>("error.type", error.Type));
        lock (_gate)
        {
            if (_errors.Count == Capacity)
            {
                _errors.Dequeue();
            }

            _errors.Enqueue(error);
        }
    }

    /// <summary>The failures, newest first.</summary>
    public IReadOnlyList<RecentError> Snapshot()
    {
        lock (_gate)
        {
            return [.. _errors.Reverse()];
        }
    }

    internal void Add(HttpContext http, Exception exception) =>
        Add(exception, $"{http.Request.Method} {RequestRoute.Of(http)}");
}
