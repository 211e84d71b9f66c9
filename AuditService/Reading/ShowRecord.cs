using AuditService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace AuditService.Reading;

/// <summary>One record with its documents.</summary>
internal static class ShowRecord
{
    public static async Task<Results<Ok<RecordDocument>, ProblemHttpResult>> HandleAsync(
        Guid id, AuditDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        await database.NoteReadingAsync(caller, id, null, cancellationToken);
        var row = await database.Records.AsNoTracking().FirstOrDefaultAsync(record => record.Id == id, cancellationToken);
        return row is null
            ? Problem.NotFound("There is no such audit record.")
            : TypedResults.Ok(new RecordDocument(RecordLine.Of(row), row.Before, row.After, row.Detail));
    }
}
