using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults.Problems;

internal static class ProblemServices
{
    public static void AddProblems(this IServiceCollection services)
    {
        // Before AddProblemDetails: the first writer that can write does.
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddSingleton<ProblemExceptionHandler>();
        services.AddSingleton<IExceptionHandler>(static provider => provider.GetRequiredService<ProblemExceptionHandler>());
        services.AddSingleton<IDeveloperPageExceptionFilter, DeveloperPageProblems>();

        // Otherwise a malformed body is an empty 400 outside Development.
        services.Configure<RouteHandlerOptions>(static options => options.ThrowOnBadRequest = true);
    }

    public static void UseProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(static page => Empty(page.HttpContext.Response.StatusCode).ExecuteAsync(page.HttpContext));
    }

    /// <summary>The problem for a status that was set without a body.</summary>
    internal static ProblemHttpResult Empty(int status) => Problem.Of(status, ProblemCodes.For(status), status switch
    {
        401 => "Sign in, and send the access token as Authorization: Bearer.",
        403 => "You may not do this.",
        404 => "There is nothing at this address.",
        405 => "This address does not take this method.",
        415 => "Send the body as application/json.",
        429 => "Too many requests. Try again later.",
        >= 500 => "The request could not be served.",
        _ => "The request was refused.",
    });
}
