using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ServiceDefaults.Health;

/// <summary>
/// Runs the checks at most once a second however many probes ask, one run at a time, and never longer than
/// <see cref="Longest"/>.
/// </summary>
internal sealed class HealthSnapshot(HealthCheckService checks, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile Taken? _last;

    public async Task<HealthReport> GetAsync(CancellationToken cancellationToken)
    {
        if (FreshReport() is { } fresh)
        {
            return fresh;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (FreshReport() is { } done)
            {
                return done;
            }

            // Not the caller's token: others wait for the same run.
            HealthReport report = await RunAsync();
            _last = new Taken(report, time.GetTimestamp());
            return report;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private HealthReport? FreshReport() =>
        _last is { } last && time.GetElapsedTime(last.At) < Fresh ? last.Report : null;

    private async Task<HealthReport> RunAsync()
    {
        using CancellationTokenSource limit = new(Longest, time);
        try
        {
            return await checks.CheckHealthAsync(predicate: null, limit.Token).WaitAsync(Longest, time, CancellationToken.None);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            HealthReportEntry late = new(HealthStatus.Unhealthy, "The checks did not end in time.", Longest, exception: null, data: null, [ReadyChecks.Tag]);
            return new HealthReport(new Dictionary<string, HealthReportEntry>(StringComparer.Ordinal) { ["checks"] = late }, Longest);
        }
    }

    private sealed record Taken(HealthReport Report, long At);
}
