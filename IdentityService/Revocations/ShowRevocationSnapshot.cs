using System.Collections.ObjectModel;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Tokens;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Contracts;

namespace IdentityService.Revocations;

/// <summary>Gives a gateway every living revocation while Redis cannot.</summary>
internal static class ShowRevocationSnapshot
{
    public static async Task HandleAsync(
        HttpContext context, ClientAuthentication clients, IdentityDb database, RevocationWriter writer, TimeProvider time)
    {
        var (client, refusal) = await clients.AuthenticateAsync(context.Request, ReadOnlyDictionary<string, string>.Empty, context.RequestAborted);
        if (client is not { IsGateway: true })
        {
            await (refusal ?? OAuthProblems.InvalidClient()).ExecuteAsync(context);
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
