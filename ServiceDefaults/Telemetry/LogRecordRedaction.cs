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
        IReadOnlyList<KeyValuePair<string, object?>> given = data.Attributes ?? [];
        List<KeyValuePair<string, object?>> attributes = new(given.Count + 3);
        bool secret = false;
        for (int index = 0; index < given.Count; index++)
        {
            (string name, object? value) = given[index];
            bool isSecret = name != Template && Redaction.IsSecret(name);
            secret |= isSecret;
            attributes.Add(new(name, name == Template ? value : isSecret && value is not null ? Redaction.Mark : Redact(value)));
        }

        if (data.FormattedMessage is { } message)
        {
            data.FormattedMessage = secret ? Render(given) ?? Redaction.Mark : Redaction.Text(message);
        }

        RequestScope.Current?.CopyTo(attributes);
        RedactException(data, attributes);
        data.Attributes = attributes;
    }

    private static string? Render(IReadOnlyList<KeyValuePair<string, object?>> given)
    {
        LogProperties properties = new();
        properties.Read(given);
        return properties.SecretTemplate is { } template ? properties.Render(template) : null;
    }

    private static object? Redact(object? value) => value switch
    {
        null or bool or int or long or double or decimal => value,
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
