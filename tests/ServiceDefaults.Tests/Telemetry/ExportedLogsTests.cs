using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Tests.Telemetry;

#pragma warning disable CA1848 // what is logged is the subject
public sealed class ExportedLogsTests
{
    [Fact]
    public void Export_SecretPropertyAndPattern_AreRedactedInEveryPart()
    {
        using KeepingProcessor kept = new();
        using ILoggerFactory factory = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.ParseStateValues = true;
            options.AddProcessor(new LogRecordRedaction()).AddProcessor(kept);
        }));
        factory.CreateLogger("tests").LogError(
            new InvalidOperationException("Password=hunter2"), "{User} sent {Password} to {Address}", "ann", "hunter2", "amqp://a:hunter2@host");

        Assert.Equal("ann sent [redacted] to amqp://[redacted]@host", kept.Message);
        Assert.Contains("ann", kept.All, StringComparison.Ordinal);
        Assert.Contains("exception.stacktrace", kept.All, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", kept.All, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_NothingSecret_KeepsValuesAndException()
    {
        using KeepingProcessor kept = new();
        using ILoggerFactory factory = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.AddProcessor(new LogRecordRedaction()).AddProcessor(kept);
        }));
        factory.CreateLogger("tests").LogError(new InvalidOperationException("plain"), "{Count} things", 3);
        Assert.Equal("3 things", kept.Message);
        Assert.Contains("plain", kept.All, StringComparison.Ordinal);
        Assert.Contains("Count=3", kept.All, StringComparison.Ordinal);
    }

    // Records are pooled, so what is asserted is copied while the record is alive.
    private sealed class KeepingProcessor : BaseProcessor<LogRecord>
    {
        public string? Message { get; private set; }

        public string All { get; private set; } = "";

        public override void OnEnd(LogRecord data)
        {
            Message = data.FormattedMessage;
            All = $"{data.FormattedMessage} {data.Body} {data.Exception} {string.Join(' ', data.Attributes!.Select(static one => $"{one.Key}={one.Value}"))}";
        }
    }
}
