using System.Text.Json;
using ServiceDefaults.Hosting;

namespace ServiceDefaults.Logging;

internal static class LogException
{
    private const int DeepestCause = 5;

    public static void WriteTo(Utf8JsonWriter json, Exception exception, int depth = 0)
    {
        json.WriteStartObject(depth == 0 ? "exception"u8 : "cause"u8);
        json.WriteString("type"u8, exception.GetType().FullName);
        string? startFailure = StartFailure.Describe(exception);
        json.WriteString("message"u8, Redaction.Text(LogValue.Limit(startFailure ?? exception.Message)));

        // The stack of a fault in the configuration leads nowhere; its message says all.
        if (startFailure is not null)
        {
            json.WriteEndObject();
            return;
        }

        if (exception.StackTrace is { } stack)
        {
            json.WriteString("stack"u8, Redaction.Text(LogValue.Limit(stack)));
        }

        if (exception.InnerException is { } cause && depth < DeepestCause)
        {
            WriteTo(json, cause, depth + 1);
        }

        json.WriteEndObject();
    }
}
