using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Platform.Testing;
using ServiceDefaults.Telemetry;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Telemetry;

public sealed class PrometheusFormatTests : IAsyncLifetime
{
    private readonly Meter _meter = new("Platform.Tests");
    private readonly Meter _other = new("Platform.OtherTests");
    private RunningService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await RunningService.StartAsync(map: static app => app.MapGet("/things/{id}", static (string id) => id));
        _meter.CreateCounter<long>("platform.tests.sign_ins", "{sign_in}", "Sign-ins \"quoted\"\nsecond line \\").Add(3,
            new("outcome", "a \"quote\", a \\ and a\nline"), new("tenant.id", "t1"));
        _meter.CreateCounter<long>("platform.tests.bytes_total", "By").Add(5);
        _meter.CreateUpDownCounter<long>("platform.tests.open").Add(2);
        _meter.CreateGauge<double>("platform.tests.share", "1").Record(double.NaN);
        Histogram<double> histogram = _meter.CreateHistogram<double>("platform.tests.wait", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1, 10] });
        histogram.Record(0.05);
        histogram.Record(5);
        histogram.Record(50);
        _meter.CreateCounter<long>("platform.tests.shared").Add(1);
        _other.CreateCounter<long>("platform.tests.shared").Add(2);
        await _service.Public.GetAsync("/things/1");

        // It is counted when it has ended, which can be after its answer has come.
        await Eventually.Async(
            async () => (await ScrapeAsync(openMetrics: false)).Contains("http_route=\"/things/{id}\"", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _meter.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GetMetrics_EitherFormat_Conforms(bool openMetrics)
    {
        string text = await ScrapeAsync(openMetrics);
        ExpositionText.Check(text, openMetrics);
    }

    [Fact]
    public async Task GetMetrics_AfterARequest_HasServerRuntimeAndPlatformMetrics()
    {
        string text = await ScrapeAsync(openMetrics: false);
        Assert.Contains("http_server_request_duration_seconds_count{", text, StringComparison.Ordinal);
        Assert.Contains("http_route=\"/things/{id}\"", text, StringComparison.Ordinal);
        Assert.Contains("http_server_active_requests", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections_total", text, StringComparison.Ordinal);
        Assert.Contains("target_info{", text, StringComparison.Ordinal);
        Assert.Contains("service_instance_id=", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetMetrics_NamesAndValues_FollowTheMapping()
    {
        string[] lines = (await ScrapeAsync(openMetrics: false)).Split('\n');
        Assert.Contains("""platform_tests_sign_ins_total{otel_scope_name="Platform.Tests",outcome="a \"quote\", a \\ and a\nline",tenant_id="t1"} 3""", lines);
        Assert.Contains("""platform_tests_bytes_total{otel_scope_name="Platform.Tests"} 5""", lines);
        Assert.Contains("""platform_tests_open{otel_scope_name="Platform.Tests"} 2""", lines);
        Assert.Contains("""platform_tests_share_ratio{otel_scope_name="Platform.Tests"} NaN""", lines);
        Assert.Contains("""platform_tests_wait_seconds_bucket{otel_scope_name="Platform.Tests",le="1"} 1""", lines);
        Assert.Contains("""platform_tests_wait_seconds_bucket{otel_scope_name="Platform.Tests",le="+Inf"} 3""", lines);
        Assert.Contains("""platform_tests_wait_seconds_count{otel_scope_name="Platform.Tests"} 3""", lines);
        Assert.Contains("""platform_tests_shared_total{otel_scope_name="Platform.Tests"} 1""", lines);
        Assert.Contains("""platform_tests_shared_total{otel_scope_name="Platform.OtherTests"} 2""", lines);
    }

    [Fact]
    public async Task GetMetrics_ManyScrapersAtOnce_AllGetTheWholePage()
    {
        string[] pages = await Task.WhenAll(Enumerable.Range(0, 40).Select(turn => ScrapeAsync(openMetrics: turn % 2 == 0)));
        Assert.All(pages.Index(), static page => ExpositionText.Check(page.Item, openMetrics: page.Index % 2 == 0));
    }

    [Theory]
    [InlineData("http.server.request.duration", "s", false, false, "http_server_request_duration_seconds")]
    [InlineData("1st.metric", "", false, false, "_1st_metric")]
    [InlineData("a..b--c", "{thing}", false, false, "a_b_c")]
    [InlineData("speed", "By/s", false, false, "speed_bytes_per_second")]
    [InlineData("use", "1", true, false, "use_ratio")]
    [InlineData("use", "1", false, true, "use")]
    [InlineData("done_total", "", false, true, "done")]
    [InlineData("wait_seconds", "s", false, false, "wait_seconds")]
    public void Family_OfName_FollowsTheSpecification(string name, string unit, bool gauge, bool counter, string family) =>
        Assert.Equal(family, PrometheusName.Family(name, unit, gauge, counter));

    private async Task<string> ScrapeAsync(bool openMetrics)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/metrics");
        if (openMetrics)
        {
            request.Headers.Add("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
        }

        HttpResponseMessage answer = await _service.Management.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith(openMetrics ? "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4",
            string.Create(CultureInfo.InvariantCulture, $"{answer.Content.Headers.ContentType}"), StringComparison.Ordinal);
        return await answer.Content.ReadAsStringAsync();
    }
}
