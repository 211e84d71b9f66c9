using OpenTelemetry;
using OpenTelemetry.Logs;
using ServiceDefaults.Logging;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Redacts log records before they are exported. Scopes are not exported as such, since they could not be redacted:
/// request, user and tenant are added as attributes instead.
/// </summary>
internal sealed class LogRecordRedaction : BaseProcessor<LogRecord>
{
    private const string Template = "{OriginalFormat}";

    public override void OnEnd(LogRecord data)
    {
        List<KeyValuePair<string, object?>> attributes = [];
        LogProperties properties = new();
        properties.Read(data.Attributes ?? []);
        foreach ((string name, object? value) in data.Attributes ?? [])
        {
            attributes.Add(new(name, name == Template ? value : Redact(name, value)));
        }

        if (data.FormattedMessage is { } message)
        {
            data.FormattedMessage = properties.SecretTemplate is { } template ? properties.Render(template) : Redaction.Text(message);
        }

        RequestScope.Current?.CopyTo(attributes);
        RedactException(data, attributes);
        data.Attributes = attributes;
    }

    private static object? Redact(string name, object? value) => value switch
    {
        null => null,
        _ when Redaction.IsSecret(name) => Redaction.Mark,
        bool or int or long or double or decimal => value,
        string text => Redaction.Text(text),
        _ => Redaction.Text(value.ToString() ?? ""),
    };

    private static void RedactException(LogRecord data, List<KeyValuePair<string, object?>> attributes)
    {
        if (data.Exception is { } exception && exception.ToString() is var full && Redaction.Text(full) is var safe && safe != full)
        {
            data.Exception = null;
            attributes.Add(new("exception.type", exception.GetType().FullName));
            attributes.Add(new("exception.message", Redaction.Text(exception.Message)));
            attributes.Add(new("exception.stacktrace", safe));
        }
    }
}
