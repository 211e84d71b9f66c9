using Microsoft.AspNetCore.Diagnostics;

namespace ServiceDefaults.Problems;

/// <summary>
/// In Development the framework puts its exception page inside every other handler. Answers must not differ between
/// environments, so the page hands over to the same handler.
/// </summary>
internal sealed class DeveloperPageProblems(ProblemExceptionHandler handler) : IDeveloperPageExceptionFilter
{
    public async Task HandleExceptionAsync(ErrorContext errorContext, Func<ErrorContext, Task> next) =>
        await handler.TryHandleAsync(errorContext.HttpContext, errorContext.Exception, errorContext.HttpContext.RequestAborted);
}
