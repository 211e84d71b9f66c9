using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace ServiceDefaults.Idempotency;

/// <summary>Does a request under a key once.</summary>
internal sealed class IdempotentCreation(DbContext database, IdempotencyStore store, IdempotencyMetrics metrics)
{
    /// <summary>
    /// 1. Take the key within a transaction. 2. Create, in the same one. 3. Keep the answer in it, commit, and only then
    /// answer. Whatever ends it before leaves nothing: neither what was to be created nor the key.
    /// </summary>
    public async Task<object?> RunAsync(IdempotentRequest request, HttpContext http, Func<ValueTask<object?>> create)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(http.RequestAborted);
        switch (await store.ClaimAsync(request, http.RequestAborted))
        {
            case KeyClaim.InUse:
                metrics.Count(http, "in_use");
                return IdempotencyProblems.InUse();
            case KeyClaim.Known:
                return await RepeatAsync(request, http);
        }

        var result = await create();
        if (!IsDone(result))
        {
            metrics.Count(http, "failed");
            return result; // nothing was done, so nothing is remembered: the same key may try again
        }

        var answer = await StoredAnswer.CaptureAsync(http, (IResult)result!);
        await store.KeepAsync(request, answer, http.RequestAborted);
        await transaction.CommitAsync(http.RequestAborted);
        metrics.Count(http, "done");
        return answer;
    }

    private async Task<IResult> RepeatAsync(IdempotentRequest request, HttpContext http)
    {
        var record = await store.FindAsync(request, http.RequestAborted);
        if (!CryptographicOperations.FixedTimeEquals(record.Fingerprint, request.Fingerprint))
        {
            metrics.Count(http, "reused");
            return IdempotencyProblems.Reused();
        }

        if (store.Open(request, record) is not { } answer)
        {
            metrics.Count(http, "lost");
            return IdempotencyProblems.AnswerLost();
        }

        metrics.Count(http, "replayed");
        http.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        return answer;
    }

    private static bool IsDone(object? result)
    {
        while (result is INestedHttpResult nested)
        {
            result = nested.Result;
        }

        return result is IResult and IStatusCodeHttpResult { StatusCode: >= 200 and < 300 };
    }
}
