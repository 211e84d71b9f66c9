using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using OpenTelemetry.Metrics;
using ServiceDefaults.Problems;

namespace ServiceDefaults.Telemetry;

/// <summary>Serves <c>/metrics</c>: one collection at a time, its text kept for a second, so that many scrapers cost as one.</summary>
internal sealed class PrometheusScrape(PrometheusExporter exporter, TimeProvider time) : IDisposable
{
    private const string PlainType = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    private const int LongestCollectionMilliseconds = 4_000;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Dictionary<bool, (byte[] Text, long At)> _texts = [];

    public async Task WriteAsync(HttpContext context)
    {
        bool openMetrics = context.Request.GetTypedHeaders().Accept
            .Any(static type => type.MediaType == "application/openmetrics-text");
        if (await GetAsync(openMetrics, context.RequestServices, context.RequestAborted) is not { } text)
        {
            await Problem.RetryLater(503, "metrics_unavailable", "The metrics could not be collected in time.", Fresh).ExecuteAsync(context);
            return;
        }

        context.Response.ContentType = openMetrics ? OpenMetricsType : PlainType;
        context.Response.Headers[HeaderNames.CacheControl] = "no-store";
        context.Response.ContentLength = text.Length;
        await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }

    public void Dispose() => _one.Dispose();

    private async Task<byte[]?> GetAsync(bool openMetrics, IServiceProvider services, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_texts.TryGetValue(openMetrics, out (byte[] Text, long At) last) && time.GetElapsedTime(last.At) < Fresh)
            {
                return last.Text;
            }

            _ = services.GetRequiredService<MeterProvider>(); // makes the reader that the exporter asks
            string? collected = await Task.Run(() => exporter.Scrape(openMetrics, LongestCollectionMilliseconds), CancellationToken.None);
            if (collected is null)
            {
                return null;
            }

            byte[] text = Encoding.UTF8.GetBytes(collected);
            _texts[openMetrics] = (text, time.GetTimestamp());
            return text;
        }
        finally
        {
            _one.Release();
        }
    }
}
