using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Benchmarks;

/// <summary>
/// What one line of log with three properties costs its caller: formatting and redaction; the writing is another thread's.
/// Batches are smaller than the queue, so that no line is dropped.
/// </summary>
internal static partial class LogBenchmark
{
    private const int Batch = 10_000;
    private const int WarmUp = 20;
    private const int Batches = 50;

    public static async Task<int> RunAsync()
    {
        await using var app = WebApplication.CreateBuilder().AddServiceDefaults().Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Benchmarks.Log");
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        List<double> microseconds = [];
        for (var batch = -WarmUp; batch < Batches && await pause.WaitForNextTickAsync(); batch++)
        {
            var began = TimeProvider.System.GetTimestamp();
            for (var line = 0; line < Batch; line++)
            {
                LogLine(logger, "POST", "/api/v1/devices/{id}/heartbeat", line);
            }

            if (batch >= 0)
            {
                microseconds.Add(TimeProvider.System.GetElapsedTime(began).TotalMicroseconds / Batch);
            }
        }

        microseconds.Sort();
        Console.WriteLine(FormattableString.Invariant(
            $"log call, mean of {Batch}-line batches: median {microseconds[Batches / 2]:0.00} us, slowest batch {microseconds[^1]:0.00} us"));
        return 0;
    }

    [LoggerMessage(1, LogLevel.Information, "{Method} {Route} took {Milliseconds} ms")]
    private static partial void LogLine(ILogger logger, string method, string route, int milliseconds);
}
