using AuditService.Completeness;
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
        var batch = context.Message;
        AuditRow[] rows =
        [
            .. batch.Requests.Select((request, at) =>
                AuditRow.From(request, batch.GatewayId, new Cleaning(options.Value.LargestDocument), now) with { Number = NumberOf(batch, at) }),
        ];
        return rows.Length == 0 ? Task.CompletedTask : writer.StoreAsync(rows, context.CancellationToken);
    }

    private static RequestNumber? NumberOf(RequestsAudited batch, int at) =>
        batch is { Run: { } run, First: >= 0 and { } first } ? new RequestNumber(CleanText.Of(batch.GatewayId), run, first + at) : null;
}
