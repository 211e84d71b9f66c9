using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace AuditService.Recording;

/// <summary>Takes the services' own records. Acknowledged when the transaction that holds the record has committed.</summary>
internal sealed class AuditRecordedConsumer(RecordWriter writer, IOptions<RecordingOptions> options, TimeProvider time)
    : IConsumer<AuditRecorded>
{
    public Task Consume(ConsumeContext<AuditRecorded> context)
    {
        var cleaning = new Cleaning(options.Value.LargestDocument);
        var row = AuditRow.From(context.Message, cleaning, time.GetUtcNow());
        if (cleaning.MetUnknown)
        {
            row = row with { Detail = cleaning.Document("received", AsReceived(context)) };
        }

        return writer.StoreAsync([row], context.CancellationToken);
    }

    /// <summary>What could not be understood is kept word for word.</summary>
    private static JsonElement AsReceived(ConsumeContext context)
    {
        using var body = JsonDocument.Parse(context.ReceiveContext.Body.GetBytes());
        var received = body.RootElement.TryGetProperty("message", out var message) ? message : body.RootElement;
        return JsonSerializer.SerializeToElement(new { received });
    }
}
