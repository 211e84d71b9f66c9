using IdentityService.Data;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;
using ServiceDefaults.Problems;

namespace IdentityService.Revocations;

/// <summary>Gives a gateway every living revocation while Redis cannot.</summary>
internal static class ShowRevocationSnapshot
{
    public static async Task HandleAsync(
        HttpContext context, GatewayCredentials gateway, IdentityDb database, RevocationWriter writer, TimeProvider time)
    {
        if (!gateway.Are(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"platform\"";
            await Problem.Of(401, "invalid_client", "Only the gateway may ask for this, with its client credentials.").ExecuteAsync(context);
            return;
        }

        // The counter first: everything up to it is committed, and so among the rows read after it.
        var cancellationToken = context.RequestAborted;
        var sequence = await database.RevocationCounters.Select(row => row.Sequence).SingleAsync(cancellationToken);
        var now = time.GetUtcNow();
        var living = database.Revocations.AsNoTracking()
            .Where(row => row.ExpiresAt > now)
            .OrderBy(row => row.Sequence)
            .Select(row => new RevocationStreamItem(row.Sequence, row.Kind, row.Value, row.Epoch, row.Cutoff, row.ExpiresAt))
            .AsAsyncEnumerable();
        context.Response.ContentType = RevocationSnapshot.MediaType;
        context.Response.Headers.CacheControl = "no-store";
        await RevocationSnapshot.WriteAsync(
            context.Response.BodyWriter, new RevocationSnapshotHead(writer.Generation, sequence), living, cancellationToken);
    }
}
