using System.Globalization;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Servers;

/// <summary>The files of a PostgreSQL cluster: made once, whole or not at all.</summary>
internal sealed class PostgresCluster(string folder, string postgres, bool durable)
{
    /// <summary>PostgreSQL refuses to run as root; then it runs as the user that its Debian package made.</summary>
    public static string? User => System.Environment.IsPrivilegedProcess ? "postgres" : null;

    public string Data => Path.Combine(folder, "data");

    public bool Exists => File.Exists(Path.Combine(Data, "PG_VERSION"));

    public async Task CreateAsync(string userName, string password, ProcessSpawner spawner, ConsoleLog log, CancellationToken cancellationToken)
    {
        GiveToUser(folder);
        var passwordFile = Path.Combine(folder, "password");
        var unfinished = Path.Combine(folder, "data.new");
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        await WritePrivateAsync(passwordFile, password, cancellationToken);
        try
        {
            List<string> arguments =
            [
                "-D", unfinished, "-U", userName, $"--pwfile={passwordFile}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
            ];
            if (!durable)
            {
                arguments.Add("--no-sync");
            }

            var initdb = await spawner.StartAsync(
                new ProcessCommand(ServerPrograms.Companion(postgres, "initdb"), arguments, folder) { User = User }, log);
            await using var cancel = cancellationToken.Register(initdb.Kill);
            var exit = await initdb.Exited;
            cancellationToken.ThrowIfCancellationRequested();
            if (exit != 0)
            {
                throw new EngineFault(
                    ExitCodes.ServerUnavailable,
                    $"initdb could not make the database files in {folder} (exit code {exit}): {string.Join(" | ", log.Lines.TakeLast(4).Select(l => l.Text))}");
            }
        }
        finally
        {
            File.Delete(passwordFile);
        }

        Directory.Move(unfinished, Data);
    }

    /// <summary>
    /// A killed server leaves postmaster.pid; if its number has been given to another process since, PostgreSQL would
    /// refuse to start. This run holds the folder's lock, so whoever still serves these files is an orphan.
    /// </summary>
    public void RemoveStaleLock()
    {
        var file = Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(file))
        {
            return;
        }

        if (int.TryParse(File.ReadLines(file).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && File.Exists($"/proc/{pid}/cmdline")
            && File.ReadAllText($"/proc/{pid}/cmdline").Contains(Data, StringComparison.Ordinal))
        {
            ProcessTree.Signal(pid, Posix.KillNow);
        }

        File.Delete(file);
    }

    private async Task WritePrivateAsync(string path, string text, CancellationToken cancellationToken)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        await using (var file = new FileStream(path, options))
        {
            await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
        }

        GiveToUser(path);
    }

    private static void GiveToUser(string path)
    {
        if (User is not { } user)
        {
            return;
        }

        var entry = File.ReadLines("/etc/passwd").Select(l => l.Split(':')).FirstOrDefault(f => f[0] == user)
            ?? throw new EngineFault(ExitCodes.ServerUnavailable, $"PostgreSQL refuses to run as root, and there is no user '{user}' to run it as. Make one (useradd --system {user}) or start the AppHost as an ordinary user.");
        Posix.ChangeOwner(path, int.Parse(entry[2], CultureInfo.InvariantCulture), int.Parse(entry[3], CultureInfo.InvariantCulture));
    }
}
