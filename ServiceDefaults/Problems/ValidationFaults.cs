using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ServiceDefaults.Problems;

/// <summary>
/// Gives the framework's validation problem the platform's shape: <c>errors</c> by the fields' names in JSON, which are
/// camelCase, not by the names of C# properties.
/// </summary>
internal static class ValidationFaults
{
    public static void Complete(ProblemDetails problem)
    {
        if (problem is not HttpValidationProblemDetails validation)
        {
            return;
        }

        problem.Detail = "The request has invalid fields; see errors.";
        problem.Extensions[Problem.Code] = ProblemCodes.ValidationFailed;
        problem.Extensions["errors"] = validation.Errors.ToDictionary(
            fault => string.Join('.', fault.Key.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName)),
            fault => fault.Value,
            StringComparer.Ordinal);
    }
}
