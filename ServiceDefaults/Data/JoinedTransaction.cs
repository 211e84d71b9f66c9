using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace ServiceDefaults.Data;

/// <summary>A transaction for what may itself be a part of a larger one; only the one that opened it commits it.</summary>
public sealed class JoinedTransaction : IAsyncDisposable
{
    private readonly IDbContextTransaction? _own;

    internal JoinedTransaction(IDbContextTransaction? own) => _own = own;

    /// <summary>Commits, unless another will.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => _own?.CommitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Rolls back what was not committed, unless another decides on it.</summary>
    public ValueTask DisposeAsync() => _own?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Transactions within transactions.</summary>
public static class JoiningTransactions
{
    /// <summary>Goes on in the open transaction, or opens one.</summary>
    public static async Task<JoinedTransaction> JoinTransactionAsync(this DatabaseFacade database, CancellationToken cancellationToken) =>
        new(database.CurrentTransaction is null ? await database.BeginTransactionAsync(cancellationToken) : null);
}
