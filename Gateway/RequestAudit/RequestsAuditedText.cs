using System.Text.Json;
using System.Text.Json.Serialization;
using MassTransit;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>
/// <see cref="RequestsAudited"/> on its way out, its records as the JSON that they already are. Public, since the bus
/// takes a type that is not visible for a temporary one and would declare its exchange otherwise.
/// </summary>
/// <param name="Envelope">As there.</param>
/// <param name="GatewayId">As there.</param>
/// <param name="Requests">Each the UTF-8 text of a <see cref="RequestRecord"/>.</param>
/// <param name="Run">As there.</param>
/// <param name="First">As there.</param>
[MessageUrn("ServiceDefaults.Contracts:RequestsAudited")]
[EntityName("ServiceDefaults.Contracts:RequestsAudited")]
public sealed record RequestsAuditedText(
    EventEnvelope Envelope,
    string GatewayId,
    [property: JsonConverter(typeof(RequestsAuditedText.AsTheyAre))] IReadOnlyList<ReadOnlyMemory<byte>> Requests,
    Guid? Run,
    long? First) : IIntegrationEvent
{
    internal sealed class AsTheyAre : JsonConverter<IReadOnlyList<ReadOnlyMemory<byte>>>
    {
        public override IReadOnlyList<ReadOnlyMemory<byte>> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("It is only sent.");

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<ReadOnlyMemory<byte>> value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var record in value)
            {
                writer.WriteRawValue(record.Span, skipInputValidation: true);
            }

            writer.WriteEndArray();
        }
    }
}
