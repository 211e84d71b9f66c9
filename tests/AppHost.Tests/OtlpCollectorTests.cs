using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Platform.Testing;
using Platform.Testing.Telemetry;

namespace AppHost.Tests;

public sealed class OtlpCollectorTests
{
    [Fact]
    public async Task Span_SentByTheSdk_IsShownWhole()
    {
        await using var collector = await OtlpCollector.StartAsync();
        using var source = new ActivitySource("collector-test");
        ActivityTraceId trace;
        ActivitySpanId parent;
        using (var provider = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(r => r.AddService("sender"))
            .AddSource(source.Name)
            .AddOtlpExporter(o =>
            {
                o.Endpoint = new Uri(collector.Endpoint + "/v1/traces");
                o.Protocol = OtlpExportProtocol.HttpProtobuf;
            })
            .Build())
        {
            using var outer = source.StartActivity("outer", ActivityKind.Server)!;
            using var inner = source.StartActivity("inner", ActivityKind.Client)!;
            inner.SetTag("answer", 42).SetStatus(ActivityStatusCode.Error, "no");
            (trace, parent) = (outer.TraceId, outer.SpanId);
        }

        var spans = await collector.WaitForTraceAsync(trace.ToHexString(), s => s.Count == 2);

        var span = Assert.Single(spans, s => s.Name == "inner");
        Assert.Equal(parent.ToHexString(), span.ParentId);
        Assert.Equal("sender", span.Service);
        Assert.Equal(CollectedSpanKind.Client, span.Kind);
        Assert.Equal("42", span.Attributes["answer"]);
        Assert.Equal((CollectedStatus.Error, "no"), (span.Status, span.StatusMessage));
    }
}
