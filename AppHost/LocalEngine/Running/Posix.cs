using System.Runtime.InteropServices;

namespace Platform.LocalEngine.Running;

/// <summary>kill(2) and chown(2), which .NET does not offer.</summary>
internal static partial class Posix
{
    // The numbers of stop and continue differ between the systems.
    public const int Interrupt = 2;
    public const int KillNow = 9;
    public const int Terminate = 15;

    public static int Stop => OperatingSystem.IsMacOS() ? 17 : 19;

    public static int Continue => OperatingSystem.IsMacOS() ? 19 : 18;

    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    public static bool IsAlive(int pid) => Kill(pid, 0) == 0;

    public static void ChangeOwner(string path, int user, int group)
    {
        if (Chown(path, user, group) != 0)
        {
            throw new IOException($"chown of '{path}' failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, int user, int group);
}
