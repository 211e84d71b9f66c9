using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Platform.LocalEngine.Running;
using Platform.LocalEngine.Testing;

namespace Platform.Testing.Servers;

/// <summary>The AppHost as a process of its own that outlives the test process which started it.</summary>
internal static class ServersHostProcess
{
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>One folder per checkout and user, so that two clones and two users do not meet.</summary>
    public static string Folder()
    {
        var key = SHA256.HashData(Encoding.UTF8.GetBytes($"{Projects.AppHost.ProjectPath}|{Environment.UserName}"));
        var path = Path.Combine(Path.GetTempPath(), $"platform-tests-{Convert.ToHexStringLower(key)[..12]}");
        Directory.CreateDirectory(path, Passable); // PostgreSQL may run as another user below it
        return path;
    }

    public static string OutputIn(string folder)
    {
        var output = Path.Combine(folder, "host.log");
        return File.Exists(output) ? File.ReadAllText(output).Trim() : "none";
    }

    public static async Task<Process> StartAsync(string folder, CancellationToken cancellationToken)
    {
        await PredecessorGoneAsync(folder, cancellationToken);

        // Left by a host that was killed.
        foreach (var stale in (string[])["data", "host"])
        {
            if (Directory.Exists(Path.Combine(folder, stale)))
            {
                Directory.Delete(Path.Combine(folder, stale), recursive: true);
            }
        }

        var assembly = CopyOf(Projects.AppHost.AssemblyPath, Path.Combine(folder, "host"));
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = folder };
        foreach (var argument in (string[])["-c", "exec \"$@\" </dev/null >host.log 2>&1", "sh", .. OwnSession.Detach(dotnet, [assembly, $"--{SharedServersHost.Argument}={folder}"])])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("No shell.");
    }

    // It has given up its socket and still stops its servers and removes their data.
    private static async Task PredecessorGoneAsync(string folder, CancellationToken cancellationToken)
    {
        using var life = await Eventually.GetAsync(() => Task.FromResult(FileLock.TryTake(SharedServersHost.LifeIn(folder))), cancellationToken);
    }

    // A build must be able to replace the AppHost's files while the host still lingers.
    private static string CopyOf(string assembly, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(assembly)!))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        return Path.Combine(target, Path.GetFileName(assembly));
    }
}
