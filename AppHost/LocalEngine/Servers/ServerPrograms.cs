using Microsoft.Extensions.Configuration;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Servers;

/// <summary>Where the native servers are, on this machine.</summary>
internal sealed class ServerPrograms(IConfiguration configuration)
{
    private static readonly string[] UsualFolders = ["/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin", "/opt/homebrew/sbin"];

    /// <summary>The program, or null. <c>Servers:{kind}:Folder</c> in the configuration is looked at alone.</summary>
    public string? Find(ServerKind kind)
    {
        if (configuration[$"Servers:{kind.Name}:Folder"] is { } own)
        {
            var program = Path.Combine(own, kind.Program);
            return File.Exists(program) ? program : throw Missing(kind, $"Servers:{kind.Name}:Folder is set, but {program} does not exist.");
        }

        return kind.Folders.SelectMany(Expand).Concat(OnPath()).Select(folder => Path.Combine(folder, kind.Program)).FirstOrDefault(IsThere);
    }

    public string Require(ServerKind kind) => Find(kind) ?? throw Missing(kind, $"{kind.Title} is not installed.");

    public static EngineFault Missing(ServerKind kind, string what) => new(
        ExitCodes.ServerUnavailable,
        $"{what} Install it ({(OperatingSystem.IsMacOS() ? $"brew install {kind.BrewFormula}" : $"sudo apt-get install {kind.DebianPackage}")}), or use a server of your own by setting {kind.OwnServer} in the environment.");

    /// <summary>Another program that comes with the first: beside it, or on PATH.</summary>
    public static string Companion(string program, string name) =>
        Candidates(program, name).FirstOrDefault(IsThere)
        ?? throw new EngineFault(ExitCodes.ServerUnavailable, $"{name} is missing beside {program} and on PATH.");

    // A link counts as an existing file even if it leads nowhere.
    private static bool IsThere(string path) => File.Exists(path) && Target(path).Exists;

    // Only looked at, never started: Debian's redis-server is a link to a program that goes by the name it is called by.
    private static FileSystemInfo Target(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path);

    private static IEnumerable<string> Candidates(string program, string name) =>
        new[] { Path.GetDirectoryName(program)!, Path.GetDirectoryName(Target(program).FullName)!, "/usr/lib/erlang/bin" }.Concat(OnPath()).Select(folder => Path.Combine(folder, name));

    private static IEnumerable<string> OnPath() =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(UsualFolders);

    // One star, newest first: /usr/lib/postgresql/*/bin
    private static IEnumerable<string> Expand(string pattern)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return [pattern];
        }

        var folder = Path.GetDirectoryName(pattern[..star])!;
        var name = pattern[(folder.Length + 1)..].Split('/')[0];
        var rest = pattern[(folder.Length + 1 + name.Length)..].TrimStart('/');
        return !Directory.Exists(folder)
            ? []
            : Directory.EnumerateDirectories(folder, name).OrderByDescending(f => f.Length).ThenByDescending(f => f, StringComparer.Ordinal).Select(f => Path.Combine(f, rest));
    }
}

/// <summary>A native server: what it is called here and there.</summary>
internal sealed record ServerKind(string Name, string Title, string Program, string[] Folders, string DebianPackage, string BrewFormula, string OwnServer)
{
    public static readonly ServerKind Postgres = new(
        "Postgres", "PostgreSQL", "postgres", ["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin"],
        "postgresql", "postgresql@17", "ConnectionStrings__identitydb, __auditdb, __notifydb and __devicedb");

    public static readonly ServerKind Redis = new(
        "Redis", "Redis", "redis-server", ["/usr/bin"], "redis-server", "redis", "ConnectionStrings__redis");

    // Debian's wrapper in /usr/sbin insists on its own user and folders; the script below it does not.
    public static readonly ServerKind RabbitMQ = new(
        "RabbitMQ", "RabbitMQ", "rabbitmq-server", ["/usr/lib/rabbitmq/lib/*/sbin"], "rabbitmq-server", "rabbitmq", "ConnectionStrings__messaging");
}
