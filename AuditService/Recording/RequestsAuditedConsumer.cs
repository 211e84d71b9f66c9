using MassTransit;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace AuditService.Recording;

/// <summary>Takes the gateways' batches of request records; a batch is written whole or not at all.</summary>
internal sealed class RequestsAuditedConsumer(RecordWriter writer, IOptions<RecordingOptions> options, TimeProvider time)
    : IConsumer<RequestsAudited>
{
    public Task Consume(ConsumeContext<RequestsAudited> context)
    {
        var now = time.GetUtcNow();
        AuditRow[] rows =
        [
            .. context.Message.Requests.Select(request => AuditRow.From(
                request, context.Message.GatewayId, new Cleaning(options.Value.LargestDocument), now)),
        ];
        return rows.Length == 0 ? Task.CompletedTask : writer.StoreAsync(rows, context.CancellationToken);
    }
}
