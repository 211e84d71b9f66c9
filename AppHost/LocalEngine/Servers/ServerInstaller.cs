using System.Diagnostics;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Servers;

/// <summary>Installs missing servers with apt, when this process may.</summary>
internal sealed class ServerInstaller(ServerPrograms programs, Action<string> say)
{
    private const string PolicyFile = "/usr/sbin/policy-rc.d";

    public async Task EnsureAsync(IReadOnlyCollection<ServerKind> needed, CancellationToken cancellationToken)
    {
        var missing = needed.Where(kind => programs.Find(kind) is null).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        if (!System.Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
        {
            throw ServerPrograms.Missing(missing[0], $"Not installed: {string.Join(", ", missing.Select(m => m.Title))}.");
        }

        var packages = string.Join(' ', missing.Select(m => m.DebianPackage));
        say($"Not installed: {string.Join(", ", missing.Select(m => m.Title))}. Installing with apt, once: {packages}");
        var madePolicy = ForbidAutostart();
        try
        {
            await AptAsync("update -q", packages, cancellationToken);
            await AptAsync($"install -q -y --no-install-recommends {packages}", packages, cancellationToken);
        }
        finally
        {
            if (madePolicy)
            {
                File.Delete(PolicyFile);
            }
        }

        foreach (var kind in missing)
        {
            programs.Require(kind);
        }
    }

    // Debian starts what it installs; these servers are to run from here only. A policy of the machine's own stays.
    private static bool ForbidAutostart()
    {
        if (File.Exists(PolicyFile))
        {
            return false;
        }

        File.WriteAllText(PolicyFile, "#!/bin/sh\nexit 101\n");
        File.SetUnixFileMode(PolicyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        return true;
    }

    private async Task AptAsync(string arguments, string packages, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("/usr/bin/apt-get", $"-o DPkg::Lock::Timeout=120 {arguments}")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var apt = Process.Start(start) ?? throw new InvalidOperationException("apt-get did not start.");
        apt.StandardInput.Dispose();
        var errors = apt.StandardError.ReadToEndAsync(cancellationToken);
        while (await apt.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("Setting up", StringComparison.Ordinal) || line.StartsWith("Get:", StringComparison.Ordinal))
            {
                say($"  apt: {line}");
            }
        }

        await apt.WaitForExitAsync(cancellationToken);
        if (apt.ExitCode != 0)
        {
            throw new EngineFault(
                ExitCodes.ServerUnavailable,
                $"apt-get {arguments} ended with code {apt.ExitCode}: {(await errors).Trim()} Mend that and run `apt-get update && apt-get install {packages}` yourself, or set the connection strings of servers of your own.");
        }
    }
}
