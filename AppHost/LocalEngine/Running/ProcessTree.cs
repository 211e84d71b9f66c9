using System.Globalization;

namespace Platform.LocalEngine.Running;

/// <summary>A process with all its descendants, also those that made sessions of their own, as PostgreSQL's do.</summary>
internal static class ProcessTree
{
    /// <summary>Signals the group of <paramref name="pid"/> and every descendant.</summary>
    public static void Signal(int pid, int signal)
    {
        var all = Descendants(pid);
        Posix.Signal(-pid, signal);
        foreach (var descendant in all)
        {
            Posix.Signal(descendant, signal);
        }
    }

    /// <summary>From /proc; empty where there is none (macOS), where the process group has to do.</summary>
    public static IReadOnlyList<int> Descendants(int pid)
    {
        if (!Directory.Exists("/proc/self"))
        {
            return [];
        }

        var children = Parents().ToLookup(p => p.Parent, p => p.Pid);
        var found = new List<int>();
        var open = new Queue<int>([pid]);
        while (open.TryDequeue(out var next))
        {
            foreach (var child in children[next])
            {
                found.Add(child);
                open.Enqueue(child);
            }
        }

        return found;
    }

    private static IEnumerable<(int Pid, int Parent)> Parents()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && ReadStat(folder) is { } stat)
            {
                // The name stands in parentheses and may hold anything; behind it: state, parent.
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                yield return (pid, int.Parse(fields[1], CultureInfo.InvariantCulture));
            }
        }
    }

    private static string? ReadStat(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "stat"));
        }
        catch (IOException)
        {
            return null; // it ended meanwhile
        }
    }
}
