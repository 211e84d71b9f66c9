using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using ServiceDefaults.Health;
using ServiceDefaults.Logging;
using ServiceDefaults.Problems;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Hosting;

/// <summary>The outermost layers of every request, around whatever the service itself adds.</summary>
internal sealed class Pipeline : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<ManagementBranch>();
        app.UseMiddleware<ServerSpan>();
        app.UseMiddleware<RequestContext>();
        app.UseProblems();
        next(app);
    };
}
