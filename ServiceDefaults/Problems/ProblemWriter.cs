using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace ServiceDefaults.Problems;

/// <summary>
/// Writes every problem of the process. The framework's own writer declines when <c>Accept</c> does not name JSON
/// and then falls back to other shapes; a client that gets one shape always is easier to get right.
/// </summary>
internal sealed class ProblemWriter(IOptions<JsonOptions> json) : IProblemDetailsWriter
{
    private const string ContentType = "application/problem+json";

    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        HttpContext http = context.HttpContext;
        ProblemDetails problem = context.ProblemDetails;
        Complete(problem, http);
        http.Response.StatusCode = problem.Status!.Value;
        http.Response.Headers.CacheControl = "no-store";
        if (problem.Extensions.TryGetValue(Problem.RetryAfter, out object? seconds))
        {
            http.Response.Headers.RetryAfter = Convert.ToString(seconds, CultureInfo.InvariantCulture);
        }

        await JsonSerializer.SerializeAsync(
            StartBody(http.Response), problem, json.Value.SerializerOptions, http.RequestAborted);
    }

    private static Stream StartBody(HttpResponse response)
    {
        response.ContentType = ContentType;
        return response.Body;
    }

    private static void Complete(ProblemDetails problem, HttpContext http)
    {
        int status = problem.Status ??= http.Response.StatusCode is >= 400 and var set ? set : 500;
        problem.Type = null; // "about:blank": the code says what happened, the title repeats the status (RFC 9457, 4.2.1)
        problem.Title = ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Error";
        ValidationFaults.Complete(problem);
        problem.Extensions.TryAdd(Problem.Code, ProblemCodes.For(status));
        problem.Extensions[Problem.TraceId] = Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;
    }
}
