using Npgsql;

namespace IdentityService.Data;

/// <summary>
/// Connections for requests of a few short statements each, most of them by key: PostgreSQL spends as long on parsing and
/// planning one, and on cleaning up after a connection's last user, as on the statement itself.
/// </summary>
internal static class ShortStatements
{
    // There are about as many different ones in all.
    private const int Prepared = 200;

    public static void Tune(NpgsqlConnectionStringBuilder connections)
    {
        connections.MaxAutoPrepare = Prepared;

        // No statement here sets anything for its session, makes a temporary table or keeps a lock beyond its transaction;
        // the migration gives its own back, and what listens keeps its connection.
        connections.NoResetOnClose = true;
    }
}
