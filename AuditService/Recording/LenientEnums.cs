using System.Text.Json;
using System.Text.Json.Serialization;
using ServiceDefaults.Contracts;

namespace AuditService.Recording;

/// <summary>
/// Reads a value that this build has no name for as one that is not defined, instead of refusing the message: a record
/// with a newer service's severity is kept and marked. Only for the enums of the contracts.
/// </summary>
internal sealed class LenientEnums : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsEnum && typeToConvert.Namespace == typeof(IIntegrationEvent).Namespace;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<TEnum> : JsonConverter<TEnum>
        where TEnum : struct, Enum
    {
        private static readonly TEnum Unknown = (TEnum)Enum.ToObject(typeof(TEnum), -1);

        public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var known = reader.TokenType switch
            {
                JsonTokenType.String when Enum.TryParse<TEnum>(reader.GetString(), ignoreCase: true, out var name) => name,
                JsonTokenType.Number when reader.TryGetInt32(out var number) => (TEnum)Enum.ToObject(typeof(TEnum), number),
                _ => Unknown,
            };
            reader.Skip();
            return Enum.IsDefined(known) ? known : Unknown;
        }

        public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
