namespace Platform.LocalEngine.Testing;

/// <summary>A lock between processes, which the kernel releases when its holder dies.</summary>
internal static class FileLock
{
    /// <returns>Null when another process holds it.</returns>
    public static IDisposable? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }
}
