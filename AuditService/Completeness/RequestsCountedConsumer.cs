using AuditService.Recording;
using MassTransit;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Contracts;

namespace AuditService.Completeness;

/// <summary>Keeps a gateway's count. A second delivery changes nothing; one that was given up as lost takes its place.</summary>
internal sealed class RequestsCountedConsumer(NpgsqlDataSource database, IOptions<CompletenessOptions> options, TimeProvider time)
    : IConsumer<RequestsCounted>
{
    private const string Upsert =
        """
        INSERT INTO audit_request_windows AS stored (
            run, number, id, gateway, kind, window_from, window_to, first, success, denied, failure, unknown, dropped, due_at, state, missing, preceded)
        VALUES ($1, $2, $3, $4, 'counted', $5, $6, $7, $8, $9, $10, 0, $11, $12, 'pending', $8 + $9 + $10, $2 = 0)
        ON CONFLICT (run, number) DO UPDATE SET
            kind = 'counted', gateway = excluded.gateway, window_from = excluded.window_from, window_to = excluded.window_to,
            first = excluded.first, success = excluded.success, denied = excluded.denied, failure = excluded.failure,
            unknown = 0, dropped = excluded.dropped, missing = excluded.missing, due_at = excluded.due_at, preceded = excluded.preceded,
            state = CASE WHEN stored.state = 'gap' THEN 'gap' ELSE 'pending' END
        WHERE stored.kind <> 'counted'
        """;

    public async Task Consume(ConsumeContext<RequestsCounted> context)
    {
        var told = context.Message;
        var now = time.GetUtcNow();
        await using var command = database.CreateCommand(Upsert);
        foreach (var value in (ReadOnlySpan<object>)
            [
                told.Run, told.Number, told.Envelope.Id, CleanText.Of(told.GatewayId), told.From.ToUniversalTime(), told.To.ToUniversalTime(),
                told.First ?? 0, told.Success, told.Denied, told.Failure, told.Dropped, now + options.Value.Grace,
            ])
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync(context.CancellationToken);
    }
}
