namespace ServiceDefaults.Paging;

/// <summary>One page of a list.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="NextCursor">Give it back as <c>?cursor=</c> for the following page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    /// <summary>
    /// Cuts a result that was read with one row more than asked for: the row too many tells that there is another page.
    /// </summary>
    public static Page<T> From(IReadOnlyList<T> rows, int limit, Func<T, string> cursor) =>
        rows.Count > limit
            ? new Page<T>([.. rows.Take(limit)], cursor(rows[limit - 1]))
            : new Page<T>(rows, null);
}
