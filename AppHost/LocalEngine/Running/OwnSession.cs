namespace Platform.LocalEngine.Running;

/// <summary>Starts a program as leader of its own session, so that Ctrl-C reaches the AppHost alone and a group can be killed whole.</summary>
internal static class OwnSession
{
    /// <param name="user">The user to become; only root can ask for it.</param>
    public static string[] Wrap(string program, IEnumerable<string> arguments, string? user = null)
    {
        if (!OperatingSystem.IsLinux())
        {
            return Detach(program, arguments);
        }

        // The death signal covers the moment before the guard knows the child. It also fires when the *thread* that
        // forked ends, for which reason ProcessSpawner has one thread that lives as long as the AppHost.
        string[] identity = user is null ? [] : ["--reuid", user, "--regid", user, "--init-groups"];
        return ["setsid", "setpriv", "--pdeathsig", "KILL", .. identity, "--", program, .. arguments];
    }

    /// <summary>The same without a tie to the life of its parent.</summary>
    public static string[] Detach(string program, IEnumerable<string> arguments) => OperatingSystem.IsLinux()
        ? ["setsid", program, .. arguments]
        : ["/usr/bin/perl", "-MPOSIX", "-e", "POSIX::setsid(); exec { $ARGV[0] } @ARGV or die $!", program, .. arguments]; // no setsid command on macOS
}
