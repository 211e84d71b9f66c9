using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Logging;

internal static class LoggingServices
{
    public static void AddJsonLogging(this WebApplicationBuilder builder)
    {
        // First of all sources, so that any file or variable changes them.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Logging:LogLevel:Default"] = "Information",
                ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",

                // Its scope of every request holds what the platform's own scope holds already.
                ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
                ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
                ["Logging:LogLevel:Npgsql"] = "Warning",
                ["Logging:LogLevel:System.Net.Http.HttpClient"] = "Warning",

                // Its page hands every exception to the problem handler, which logs it once.
                ["Logging:LogLevel:Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware"] = "None",
            },
        });
        LogLevels levels = new();
        ((IConfigurationBuilder)builder.Configuration).Add(levels);
        levels.ReadFrom(builder.Configuration);
        builder.Services.AddSingleton(levels);

        builder.Logging.ClearProviders();
        builder.Logging.Configure(static options => options.ActivityTrackingOptions = ActivityTrackingOptions.None);
        builder.Services.AddSingleton(static services =>
            new LogQueue(Output(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<ILoggerProvider, JsonLoggerProvider>();
    }

    // A test runner speaks its own protocol on the standard output of the process that the host runs in, and lines
    // between its own cost it results; the runtime's configuration of such a process sets the switch.
    private static Stream Output() =>
        AppContext.TryGetSwitch("ServiceDefaults.Logging.Silent", out bool silent) && silent
            ? Stream.Null
            : Console.OpenStandardOutput();
}
