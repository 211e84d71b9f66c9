using System.Diagnostics;

namespace Benchmarks;

/// <summary>
/// <c>dotnet run --project AppHost</c> until it prints the gateway's address, and Ctrl-C until it has ended. The first
/// run makes the databases; those after find them.
/// </summary>
internal static class StartBenchmark
{
    private const int Runs = 3;

    public static async Task<int> RunAsync()
    {
        var root = Path.GetDirectoryName(Projects.AppHost.ProjectPath)
            ?? throw new InvalidOperationException("The AppHost has no folder.");
        var data = Directory.CreateTempSubdirectory("platform-start-");
        try
        {
            for (var run = 0; run <= Runs; run++)
            {
                var (ready, stopped) = await RunOnceAsync(root, data.FullName);
                Console.WriteLine(FormattableString.Invariant(
                    $"{(run == 0 ? "first start" : "start      ")}   ready after {ready.TotalSeconds,5:0.0} s   stopped after {stopped.TotalSeconds,5:0.0} s"));
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }

        return 0;
    }

    private static async Task<(TimeSpan Ready, TimeSpan Stopped)> RunOnceAsync(string root, string data)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var run = Process.Start(new ProcessStartInfo(
            "dotnet", ["run", "--no-build", "-c", Configuration, "--project", "AppHost", "--", $"--DataFolder={data}"])
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        }) ?? throw new InvalidOperationException("dotnet could not be started.");
        while (await run.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("Gateway", StringComparison.Ordinal))
        {
        }

        var ready = TimeProvider.System.GetElapsedTime(began);
        began = TimeProvider.System.GetTimestamp();
        using (var stop = Process.Start("kill", ["-TERM", $"{run.Id}"]))
        {
            await stop.WaitForExitAsync();
        }

        await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        return (ready, TimeProvider.System.GetElapsedTime(began));
    }

    private static string Configuration =>
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
}
