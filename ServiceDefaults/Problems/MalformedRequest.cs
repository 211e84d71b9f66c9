using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ServiceDefaults.Problems;

/// <summary>Says where a request is malformed without repeating any value of it.</summary>
internal static partial class MalformedRequest
{
    private const int LongestPointer = 200;

    public static ProblemHttpResult Describe(BadHttpRequestException fault) => fault.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => Problem.Of(413, ProblemCodes.BodyTooLarge, "The request body is larger than this route takes."),
        StatusCodes.Status415UnsupportedMediaType => Problem.Of(415, ProblemCodes.UnsupportedMediaType, "Send the body as application/json."),
        StatusCodes.Status400BadRequest when fault.InnerException is JsonException json => Describe(json),
        StatusCodes.Status400BadRequest => Parameter(fault.Message),
        int status => Problem.Of(status, ProblemCodes.For(status), "The request cannot be read."),
    };

    public static ProblemHttpResult Describe(JsonException fault)
    {
        if (MissingFields().Match(fault.Message) is { Success: true } missing)
        {
            string names = string.Join(", ", QuotedNames().Matches(missing.Groups["names"].Value).Select(static one => one.Groups["name"].Value));
            return Malformed($"Required fields are missing: {names}.", Pointer(fault.Path));
        }

        return Malformed(Reason(fault), Pointer(fault.Path));
    }

    private static string Reason(JsonException fault) => fault switch
    {
        { InnerException: JsonException or { Source: "System.Text.Json" } } when IsSyntax(fault) => "The body is not valid JSON.",
        _ when fault.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal) => "The body has a field that this route does not know.",
        _ when fault.Message.StartsWith("Duplicate property", StringComparison.Ordinal) => "The body has a field twice.",
        _ when IsSyntax(fault) => "The body is not valid JSON.",
        _ => "A value has the wrong type or is missing.",
    };

    // The reader's own exception knows byte positions and sits inside; a conversion fault has none.
    private static bool IsSyntax(JsonException fault) =>
        fault.InnerException?.GetType().Name == "JsonReaderException" || fault.GetType().Name == "JsonReaderException";

    private static ProblemHttpResult Parameter(string message) => BoundParameter().Match(message) is { Success: true } bound
        ? Malformed($"The parameter '{bound.Groups["name"].Value}' is missing or cannot be read.", pointer: null)
        : Malformed("The request cannot be read.", pointer: null);

    private static ProblemHttpResult Malformed(string detail, string? pointer) => Problem.Of(
        StatusCodes.Status400BadRequest, ProblemCodes.MalformedRequest, detail,
        pointer is null ? null : [new("pointer", pointer)]);

    /// <summary>A JSON pointer (RFC 6901) for a path such as <c>$.items[0].name</c>.</summary>
    internal static string? Pointer(string? path)
    {
        if (path is null or "$" or "")
        {
            return null;
        }

        StringBuilder pointer = new();
        foreach (Match step in PathSteps().Matches(path))
        {
            string name = step.Groups["step"].Value;
            pointer.Append(CultureInfo.InvariantCulture, $"/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}");
        }

        return pointer.Length is 0 or > LongestPointer ? null : pointer.ToString();
    }

    [GeneratedRegex("""missing required properties including: (?<names>.+)\.$""", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex MissingFields();

    [GeneratedRegex("'(?<name>[A-Za-z0-9_.-]{1,64})'", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex QuotedNames();

    [GeneratedRegex("""^(?:Failed to bind parameter|Required parameter) "(?:[^"]* )?(?<name>[A-Za-z_][A-Za-z0-9_-]{0,63})"(?: |$)""", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex BoundParameter();

    [GeneratedRegex("""\['(?<step>(?:[^'\\]|\\.)*)'\]|\[(?<step>\d+)\]|\.(?<step>[^.\[]+)""", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex PathSteps();
}
