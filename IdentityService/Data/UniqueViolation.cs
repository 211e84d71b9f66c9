using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace IdentityService.Data;

/// <summary>Tells an insert that a unique index refused from any other failure.</summary>
internal static class UniqueViolation
{
    /// <summary>Whether one of these indexes refused the save.</summary>
    public static bool Of(DbUpdateException fault, params ReadOnlySpan<string> indexes) =>
        fault.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: { } name }
        && indexes.Contains(name);
}
