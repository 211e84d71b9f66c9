using System.Globalization;
using Npgsql;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Servers;

/// <summary>PostgreSQL as a process of ours, on a cluster of its own.</summary>
internal sealed class PostgresServer(PostgresServerResource resource, string folder, EngineOptions options, ServerPrograms programs, ProcessSpawner spawner) : Workload
{
    private readonly EndpointAnnotation _endpoint = resource.PrimaryEndpoint.EndpointAnnotation;

    public override async Task<RunningWorkload> StartAsync(ConsoleLog log, CancellationToken cancellationToken)
    {
        var program = programs.Require(ServerKind.Postgres);
        var cluster = new PostgresCluster(folder, program, options.Durable);
        if (!cluster.Exists)
        {
            await cluster.CreateAsync(
                (await resource.UserNameReference.GetValueAsync(cancellationToken))!,
                (await resource.PasswordParameter.GetValueAsync(cancellationToken))!,
                spawner, log, cancellationToken);
        }

        cluster.RemoveStaleLock();

        // No Unix socket: its path has a length limit, and everyone connects by TCP with a password.
        List<string> arguments =
        [
            "-D", cluster.Data,
            "-p", _endpoint.AllocatedPorts[0].ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=",
            "-c", "max_connections=300",
            "-c", "log_min_messages=warning",
            "-c", "dynamic_shared_memory_type=posix",
        ];
        if (!options.Durable)
        {
            arguments.AddRange(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
        }

        return await spawner.StartAsync(
            new ProcessCommand(program, arguments, cluster.Data)
            {
                User = PostgresCluster.User,
                StopSignal = Posix.Interrupt, // "fast": ends the sessions, where SIGTERM waits for them
                Environment = new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" },
            },
            log);
    }

    public override async Task<string?> ProbeAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(await ConnectionStringAsync(cancellationToken));
        try
        {
            await connection.OpenAsync(cancellationToken);
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new EngineFault(
                ExitCodes.ServerUnavailable,
                $"PostgreSQL refuses the password of '{resource.Name}'. The data in {folder} was made with another one: set Parameters__{resource.Name}_password to it, or remove the folder to begin anew.",
                e);
        }
        catch (NpgsqlException e)
        {
            return e.Message;
        }
    }

    public override async Task ReadyAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(await ConnectionStringAsync(cancellationToken));
        await connection.OpenAsync(cancellationToken);
        var existing = new HashSet<string>(StringComparer.Ordinal);
        await using (var list = new NpgsqlCommand("SELECT datname FROM pg_database", connection))
        await using (var reader = await list.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                existing.Add(reader.GetString(0));
            }
        }

        foreach (var database in resource.Databases.Values.Where(d => !existing.Contains(d)))
        {
            await using var create = new NpgsqlCommand($"CREATE DATABASE \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public override void TakeOtherPorts() => _endpoint.AllocatedPorts[0] = FreePorts.Next();

    private async Task<string> ConnectionStringAsync(CancellationToken cancellationToken) =>
        $"{await resource.ConnectionStringExpression.GetValueAsync(cancellationToken)};Database=postgres;Pooling=false;Timeout=3";
}
