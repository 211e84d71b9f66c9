using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Logging;

internal static class LogException
{
    private const int DeepestCause = 5;

    public static void WriteTo(Utf8JsonWriter json, Exception exception, int depth = 0)
    {
        json.WriteStartObject(depth == 0 ? "exception"u8 : "cause"u8);
        json.WriteString("type"u8, exception.GetType().FullName);
        json.WriteString("message"u8, Redaction.Text(exception.Message));

        // The stack of a fault in the configuration leads nowhere; its message says all.
        if (exception.StackTrace is { } stack && exception is not OptionsValidationException)
        {
            json.WriteString("stack"u8, Redaction.Text(stack));
        }

        if (exception.InnerException is { } cause && depth < DeepestCause)
        {
            WriteTo(json, cause, depth + 1);
        }

        json.WriteEndObject();
    }
}
