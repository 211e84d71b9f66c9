using System.Diagnostics;

namespace IdentityService.Tests.Support;

/// <summary>Programs of others that the tests compare with; installed as the servers are, where they are missing.</summary>
internal static class Tool
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly SemaphoreSlim OneAtATime = new(1);

    /// <summary>Where a program is; null where it is nowhere.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Sees to it that a program is there.</summary>
    public static async Task InstallAsync(string program, params string[] packages)
    {
        await OneAtATime.WaitAsync();
        try
        {
            if (Find(program) is not null)
            {
                return;
            }

            Assert.True(Environment.IsPrivilegedProcess, $"{program} is missing: apt-get install {string.Join(' ', packages)}");
            await RunAsync("apt-get", "update", "-qq");

            // Another test process may be installing something.
            await RunAsync("apt-get", ["-o", "DPkg::Lock::Timeout=240", "install", "-y", "-qq", "--no-install-recommends", .. packages]);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
        }) ?? throw new InvalidOperationException($"{program} did not start.");
        using var deadline = new CancellationTokenSource(Longest);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }
}
