using Npgsql;

namespace AuditService.Data;

/// <summary>One statement with positional parameters, over a connection that is open.</summary>
internal static class Statements
{
    public static async Task ExecuteAsync(
        this NpgsqlConnection connection, string statement, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = connection.Command(statement, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<object?> ScalarAsync(
        this NpgsqlConnection connection, string statement, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = connection.Command(statement, parameters);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    public static NpgsqlCommand Command(this NpgsqlConnection connection, string statement, params object[] parameters)
    {
        var command = new NpgsqlCommand(statement, connection);
        foreach (var value in parameters)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command;
    }
}
