using Npgsql;

namespace AuditService.Completeness;

/// <summary>A window after a comparison.</summary>
/// <param name="Gateway">Which gateway.</param>
/// <param name="Run">Its process.</param>
/// <param name="Number">Of the count.</param>
/// <param name="Kind">As in <see cref="RequestWindow"/>.</param>
/// <param name="From">UTC.</param>
/// <param name="To">UTC.</param>
/// <param name="Former">Its state before.</param>
/// <param name="State">Its state now.</param>
/// <param name="Missing">Records counted that are not in the log.</param>
/// <param name="Dropped">Requests without a record.</param>
internal sealed record DecidedWindow(
    string Gateway,
    Guid Run,
    long Number,
    string Kind,
    DateTimeOffset From,
    DateTimeOffset To,
    string Former,
    string State,
    long Missing,
    long Dropped)
{
    public static DecidedWindow Read(NpgsqlDataReader reader) => new(
        reader.GetString(0),
        reader.GetGuid(1),
        reader.GetInt64(2),
        reader.GetString(3),
        reader.GetFieldValue<DateTimeOffset>(4),
        reader.GetFieldValue<DateTimeOffset>(5),
        reader.GetString(6),
        reader.GetString(7),
        reader.GetInt64(8),
        reader.GetInt64(9));
}
