using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>Listens before the first request and sends the rest after the last one, both within bounds.</summary>
internal sealed class TelemetryLifetime(TracerProvider traces, MeterProvider metrics) : IHostedLifecycleService
{
    // The container would wait five seconds for each provider when the collector hangs.
    private const int LongestFlushMilliseconds = 1_500;

    // The providers listen from their construction on, which asking for them has done.
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => traces.Shutdown(LongestFlushMilliseconds), CancellationToken.None),
        Task.Run(() => metrics.Shutdown(LongestFlushMilliseconds), CancellationToken.None));
}
