using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Logging;

/// <summary>
/// Builds one line in buffers that a thread keeps, so that a log call allocates little. JSON escapes every control
/// character, hence no value can begin a line of its own.
/// </summary>
internal sealed class LogLine
{
    private const int LargestKeptBuffer = 64 * 1024;

    // The relaxed encoder leaves non-ASCII text readable; the lines go to a console, never into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static LogLine? _ofThread;

    private readonly ArrayBufferWriter<byte> _buffer = new(2048);
    private readonly Utf8JsonWriter _json;
    private readonly LogProperties _properties = new();

    private LogLine() => _json = new Utf8JsonWriter(_buffer, Options);

    public static LogLine Take()
    {
        if (_ofThread is not { } line || line._buffer.Capacity > LargestKeptBuffer)
        {
            _ofThread = line = new LogLine();
        }

        return line;
    }

    /// <summary>The line with its newline; valid until this thread writes the next one.</summary>
    public ReadOnlySpan<byte> Write<TState>(
        DateTimeOffset time, LogLevel level, string category, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter, IExternalScopeProvider scopes)
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        _properties.Read(state, scopes);

        _json.WriteStartObject();
        _json.WriteString("timestamp"u8, time.UtcDateTime);
        _json.WriteString("level"u8, Name(level));
        _json.WriteString("category"u8, category);
        if (eventId.Id != 0)
        {
            _json.WriteNumber("eventId"u8, eventId.Id);
        }

        _json.WriteString("message"u8, _properties.SecretTemplate is { } template
            ? _properties.Render(template)
            : Redaction.Text(LogValue.Limit(formatter(state, exception))));
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            _json.WriteString("traceId"u8, activity.TraceId.ToHexString());
            _json.WriteString("spanId"u8, activity.SpanId.ToHexString());
        }

        _properties.WriteTo(_json);
        if (exception is not null)
        {
            LogException.WriteTo(_json, exception);
        }

        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
        return _buffer.WrittenSpan;
    }

    private static ReadOnlySpan<byte> Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace"u8,
        LogLevel.Debug => "debug"u8,
        LogLevel.Information => "info"u8,
        LogLevel.Warning => "warning"u8,
        LogLevel.Error => "error"u8,
        _ => "critical"u8,
    };
}
