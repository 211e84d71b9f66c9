using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using ServiceDefaults.Problems;

namespace ServiceDefaults.Hosting;

/// <summary>The outermost layers of every request, around whatever the service itself adds.</summary>
internal sealed class Pipeline : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseProblems();
        next(app);
    };
}
