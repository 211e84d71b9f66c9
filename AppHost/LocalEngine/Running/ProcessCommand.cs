using System.Diagnostics;

namespace Platform.LocalEngine.Running;

/// <summary>A program with what it needs to start.</summary>
internal sealed record ProcessCommand(string Program, IReadOnlyList<string> Arguments, string WorkingDirectory)
{
    // What the AppHost itself was told is no business of its children.
    private static readonly string[] NotInherited =
        ["ASPNETCORE_", "OTEL_", "Parameters__", "ConnectionStrings__", "services__", "MSBUILD", "MSBuild", "VSTEST", "TESTINGPLATFORM"];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? User { get; init; }

    /// <summary>The signal that asks it to end; SIGTERM unless the program has a better one.</summary>
    public int StopSignal { get; init; } = Posix.Terminate;

    public ProcessStartInfo ToStartInfo()
    {
        var command = OwnSession.Wrap(Program, Arguments, User);
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var key in start.Environment.Keys.Where(k => NotInherited.Any(p => k.StartsWith(p, StringComparison.Ordinal))).ToList())
        {
            start.Environment.Remove(key);
        }

        foreach (var (key, value) in Environment)
        {
            start.Environment[key] = value;
        }

        return start;
    }
}
