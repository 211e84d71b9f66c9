using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using AuditService.Recording;
using RabbitMQ.Client;

namespace AuditService.DeadLetters;

/// <summary>Headers and properties of an AMQP message as one JSON object, and back.</summary>
internal static class MessageHeaders
{
    private const string ContentType = "content-type";
    private const string MessageId = "message-id";
    private const string CorrelationId = "correlation-id";

    /// <summary>Texts, numbers and truths as JSON has them; all else as text.</summary>
    public static JsonObject Read(IReadOnlyBasicProperties properties)
    {
        JsonObject all = [];
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            all[CleanText.Of(name)] = Of(value);
        }

        Add(all, ContentType, properties.ContentType);
        Add(all, MessageId, properties.MessageId);
        Add(all, CorrelationId, properties.CorrelationId);
        return all;
    }

    /// <summary>The message's own headers and properties, without those of the failure.</summary>
    public static BasicProperties ForReplay(JsonObject stored, string replayHeader, Guid letter)
    {
        Dictionary<string, object?> headers = new(StringComparer.Ordinal) { [replayHeader] = letter.ToString() };
        foreach (var (name, value) in stored)
        {
            if (name is not (ContentType or MessageId or CorrelationId) && !DeadLetterMessage.IsOfTheFailure(name) && value is JsonValue single)
            {
                headers[name] = single.TryGetValue<bool>(out var truth) ? truth
                    : single.TryGetValue<long>(out var number) ? number
                    : single.TryGetValue<double>(out var real) ? real
                    : single.GetValue<string>();
            }
        }

        BasicProperties properties = new() { Headers = headers, Persistent = true };
        Set(stored, ContentType, text => properties.ContentType = text);
        Set(stored, MessageId, text => properties.MessageId = text);
        Set(stored, CorrelationId, text => properties.CorrelationId = text);
        return properties;
    }

    private static JsonValue? Of(object? value) => value switch
    {
        null => null,
        bool truth => JsonValue.Create(truth),
        sbyte or byte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        float or double => double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture))
            ? JsonValue.Create(Convert.ToDouble(value, CultureInfo.InvariantCulture)) : null,
        byte[] text => JsonValue.Create(CleanText.Of(Encoding.UTF8.GetString(text))),
        AmqpTimestamp at => JsonValue.Create(at.UnixTime),
        _ => JsonValue.Create(CleanText.Of(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")),
    };

    private static void Add(JsonObject all, string name, string? text)
    {
        if (text is not null)
        {
            all[name] = CleanText.Of(text);
        }
    }

    private static void Set(JsonObject stored, string name, Action<string> set)
    {
        if (stored[name] is JsonValue value && value.TryGetValue<string>(out var text))
        {
            set(text);
        }
    }
}
