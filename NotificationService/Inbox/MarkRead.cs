using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using NotificationService.Data;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace NotificationService.Inbox;

/// <summary>How many entries became read.</summary>
internal sealed record MarkedRead(int Marked);

/// <summary>Marks entries as read; one that is read already keeps its time.</summary>
internal static class MarkRead
{
    public static async Task<Results<NoContent, ProblemHttpResult>> OneAsync(
        Guid id, NotificationDbContext database, Caller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var found = await ReadInbox.Own(database, caller).Where(entry => entry.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(entry => entry.ReadAt, entry => entry.ReadAt ?? now), cancellationToken);
        return found == 1 ? TypedResults.NoContent() : Problem.NotFound("There is no such entry in your inbox.");
    }

    public static async Task<Ok<MarkedRead>> AllAsync(
        NotificationDbContext database, Caller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var marked = await ReadInbox.Own(database, caller).Where(entry => entry.ReadAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(entry => entry.ReadAt, now), cancellationToken);
        return TypedResults.Ok(new MarkedRead(marked));
    }
}
