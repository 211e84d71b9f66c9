using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ServiceDefaults.Problems;

/// <summary>Builds the answers of expected failures (RFC 9457). The trace id and the title are added when written.</summary>
public static class Problem
{
    internal const string Code = "code";
    internal const string TraceId = "traceId";
    internal const string RetryAfter = "retryAfter";

    /// <summary>One expected failure.</summary>
    /// <param name="status">HTTP status, 400 to 599.</param>
    /// <param name="code">Stable, snake_case, what a client branches on.</param>
    /// <param name="detail">A sentence for a person: what is wrong and what to do. No internals, no secrets.</param>
    /// <param name="extensions">Further members; names are camelCase.</param>
    public static ProblemHttpResult Of(
        int status, string code, string detail, IEnumerable<KeyValuePair<string, object?>>? extensions = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        ArgumentException.ThrowIfNullOrEmpty(code);
        Dictionary<string, object?> members = new(StringComparer.Ordinal) { [Code] = code };
        foreach ((string name, object? value) in extensions ?? [])
        {
            members[name] = value;
        }

        return TypedResults.Problem(detail, statusCode: status, extensions: members);
    }

    /// <summary>400 <c>validation_failed</c> with every fault at once.</summary>
    /// <param name="errors">Field name as in the request (camelCase, dotted when nested) to its faults.</param>
    public static ProblemHttpResult Validation(IDictionary<string, string[]> errors) => Of(
        StatusCodes.Status400BadRequest, ProblemCodes.ValidationFailed, "The request has invalid fields; see errors.",
        [new("errors", errors)]);

    /// <summary>404 <c>not_found</c>: absent, or not for this caller, who is not to know the difference.</summary>
    public static ProblemHttpResult NotFound(string detail = "There is no such resource.") =>
        Of(StatusCodes.Status404NotFound, ProblemCodes.NotFound, detail);

    /// <summary>A refusal that ends by itself (429, 503): the answer carries <c>Retry-After</c>.</summary>
    /// <param name="status">HTTP status, usually 429 or 503.</param>
    /// <param name="code">Stable, snake_case.</param>
    /// <param name="detail">A sentence for a person.</param>
    /// <param name="retryAfter">Rounded up to whole seconds, at least one (RFC 9110, 10.2.3).</param>
    public static ProblemHttpResult RetryLater(int status, string code, string detail, TimeSpan retryAfter) =>
        Of(status, code, detail, [new(RetryAfter, Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds)))]);
}
