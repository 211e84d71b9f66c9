using Npgsql;
using NpgsqlTypes;

namespace IdentityService.Grouping;

/// <summary>Parameters of a statement for a whole group: each a column, an array with an element for every row.</summary>
internal static class Columns
{
    /// <summary>Adds the next column.</summary>
    public static void Add<TRow, TValue>(NpgsqlCommand statement, IReadOnlyList<TRow> rows, NpgsqlDbType type, Func<TRow, TValue> value) =>
        statement.Parameters.Add(new NpgsqlParameter { Value = rows.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
}
