using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Testing.Telemetry;
using Platform.Testing.Telemetry.Wire;

namespace Platform.Testing;

/// <summary>Takes OTLP over HTTP/protobuf in this process and shows what came. Give <see cref="Endpoint"/> to the services.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<CollectedSpan> _spans = new();
    private readonly ConcurrentQueue<CollectedLog> _logs = new();
    private readonly ConcurrentQueue<CollectedMetric> _metrics = new();

    private OtlpCollector(WebApplication server) => _server = server;

    /// <summary>For OTEL_EXPORTER_OTLP_ENDPOINT.</summary>
    public string Endpoint => _server.Urls.First();

    public IReadOnlyList<CollectedSpan> Spans => [.. _spans];

    public IReadOnlyList<CollectedLog> Logs => [.. _logs];

    public IReadOnlyList<CollectedMetric> Metrics => [.. _metrics];

    public static async Task<OtlpCollector> StartAsync(CancellationToken cancellationToken = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddRequestDecompression(); // exporters may send gzip
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var collector = new OtlpCollector(server);
        server.UseRequestDecompression();
        server.MapPost("/v1/traces", context => TakeAsync(context, TraceRequest.Parser, OtlpDecoding.Spans, collector._spans));
        server.MapPost("/v1/logs", context => TakeAsync(context, LogsRequest.Parser, OtlpDecoding.Logs, collector._logs));
        server.MapPost("/v1/metrics", context => TakeAsync(context, MetricsRequest.Parser, OtlpDecoding.Metrics, collector._metrics));
        await server.StartAsync(cancellationToken);
        return collector;
    }

    /// <summary>The spans of one trace, in the order of their start.</summary>
    public IReadOnlyList<CollectedSpan> Trace(string traceId) => [.. _spans.Where(s => s.TraceId == traceId).OrderBy(s => s.Start)];

    /// <summary>Waits until the trace has a span of every kind asked for.</summary>
    public async Task<IReadOnlyList<CollectedSpan>> WaitForTraceAsync(string traceId, Func<IReadOnlyList<CollectedSpan>, bool> complete, TimeSpan? deadline = null)
    {
        try
        {
            await Eventually.Async(() => complete(Trace(traceId)), deadline ?? TimeSpan.FromSeconds(15));
        }
        catch (Xunit.Sdk.XunitException e)
        {
            var seen = string.Join(Environment.NewLine, Trace(traceId).Select(s => $"  {s.Service} {s.Kind} {s.Name} ({s.Source})"));
            throw new Xunit.Sdk.XunitException($"The trace {traceId} did not become complete. It has:{Environment.NewLine}{seen}", e);
        }

        return Trace(traceId);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task TakeAsync<TRequest, TItem>(HttpContext context, MessageParser<TRequest> parser, Func<TRequest, IEnumerable<TItem>> decode, ConcurrentQueue<TItem> into)
        where TRequest : IMessage<TRequest>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        foreach (var item in decode(parser.ParseFrom(body.GetBuffer(), 0, (int)body.Length)))
        {
            into.Enqueue(item);
        }

        context.Response.ContentType = "application/x-protobuf"; // an empty response message: everything was taken
    }
}
