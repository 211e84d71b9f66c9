using IdentityService.Data;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.ApiKeys;

/// <summary>
/// Adds up how keys are used. The gateways cache what a key was exchanged for, so only they know; they count each minute
/// and keep the count until the bus has taken it. A gateway that is killed loses the minute it was counting.
/// </summary>
internal sealed class ApiKeyUseConsumer(IdentityDb database) : IConsumer<RequestsCounted>
{
    public async Task Consume(ConsumeContext<RequestsCounted> context)
    {
        if (context.Message.ApiKeys is not { Count: > 0 } uses)
        {
            return;
        }

        Guid[] keys = [.. uses.Select(static use => use.KeyId)];
        long[] counts = [.. uses.Select(static use => use.Count)];
        DateTime[] last = [.. uses.Select(static use => use.LastAt.UtcDateTime)];

        // In one order, so that the counts of two gateways don't wait for each other in a circle.
        await database.Database.ExecuteSqlAsync(
            $"""
            WITH used AS (SELECT * FROM unnest({keys}, {counts}, {last}) AS used (id, count, last)),
                 held AS (SELECT id FROM api_keys WHERE id IN (SELECT id FROM used) ORDER BY id FOR NO KEY UPDATE)
            UPDATE api_keys SET use_count = use_count + used.count, last_used_at = greatest(last_used_at, used.last)
            FROM used JOIN held USING (id)
            WHERE api_keys.id = used.id
            """,
            context.CancellationToken);
    }
}
