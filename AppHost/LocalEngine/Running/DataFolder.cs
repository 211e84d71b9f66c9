using System.Security.Cryptography;
using System.Text;

namespace Platform.LocalEngine.Running;

/// <summary>Where a run keeps its data. One run at a time holds it.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly FileStream _lock;
    private readonly bool _temporary;
    private string? _elsewhere;

    private DataFolder(string path, FileStream held, bool temporary) => (Root, _lock, _temporary) = (path, held, temporary);

    public string Root { get; }

    public static DataFolder Open(string path, bool temporary)
    {
        // PostgreSQL refuses root and so runs as another user, who must be able to pass through, not to look around.
        var mode = System.Environment.IsPrivilegedProcess ? OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : OwnerOnly;
        Directory.CreateDirectory(path, mode);
        File.SetUnixFileMode(path, mode);

        var lockFile = Path.Combine(path, "run.lock");
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            return new DataFolder(path, new FileStream(lockFile, options), temporary);
        }
        catch (IOException e) when (File.Exists(lockFile))
        {
            throw new EngineFault(
                ExitCodes.AlreadyRunning,
                $"Another AppHost already runs on the data in {path}. Stop it first (Ctrl-C in its window), or use the one that runs.",
                e);
        }
    }

    /// <summary>
    /// A server's own folder. Where another user could not reach it (a checkout in root's home), the data of a server
    /// that runs as another user lies in /var/lib, in a folder named for the checkout.
    /// </summary>
    public string ForServer(string name)
    {
        var path = Path.Combine(IsReachable(Root) || !System.Environment.IsPrivilegedProcess ? Root : Elsewhere(), name);
        Directory.CreateDirectory(path, OwnerOnly);
        return path;
    }

    private string Elsewhere()
    {
        var path = $"/var/lib/platform-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..12]}";
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        _elsewhere = path;
        return path;
    }

    private static bool IsReachable(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            if ((folder.UnixFileMode & UnixFileMode.OtherExecute) == UnixFileMode.None)
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        _lock.Dispose();
        if (_temporary)
        {
            Directory.Delete(Root, recursive: true);
            if (_elsewhere is not null)
            {
                Directory.Delete(_elsewhere, recursive: true);
            }
        }
    }
}
