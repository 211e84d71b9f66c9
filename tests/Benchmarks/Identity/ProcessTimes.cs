using System.Globalization;

namespace Benchmarks.Identity;

/// <summary>
/// Time on a core that the programs below this one have used so far, in seconds, by what they are: from <c>/proc</c>, where
/// a process that has ended counts for its parent.
/// </summary>
internal sealed record ProcessTimes(double Identity, double Postgres, double Others)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    /// <summary>Reads them now; the load itself (wrk) does not count.</summary>
    public static ProcessTimes Read()
    {
        var all = Directory.EnumerateDirectories("/proc").Select(static path => TryRead(path)).OfType<Stat>().ToDictionary(static stat => stat.Id);
        var (identity, postgres, others) = (0.0, 0.0, 0.0);
        foreach (var stat in all.Values.Where(stat => stat.Id != Environment.ProcessId && IsBelow(stat, all)))
        {
            if (stat.Name.StartsWith("postgres", StringComparison.Ordinal))
            {
                postgres += stat.Seconds;
            }
            else if (stat.Command.Contains("IdentityService", StringComparison.Ordinal))
            {
                identity += stat.Seconds;
            }
            else if (stat.Name != "wrk")
            {
                others += stat.Seconds;
            }
        }

        return new ProcessTimes(identity, postgres, others);
    }

    public ProcessTimes Since(ProcessTimes before) =>
        new(Identity - before.Identity, Postgres - before.Postgres, Others - before.Others);

    private static bool IsBelow(Stat stat, Dictionary<int, Stat> all)
    {
        for (var at = stat; ; at = all[at.Parent])
        {
            if (at.Parent == Environment.ProcessId)
            {
                return true;
            }

            if (!all.ContainsKey(at.Parent))
            {
                return false;
            }
        }
    }

    private static Stat? TryRead(string path)
    {
        if (!int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        try
        {
            var text = File.ReadAllText($"{path}/stat");
            var name = text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..text.LastIndexOf(')')];
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');

            // proc(5): ppid is field 4; utime, stime, cutime and cstime are 14 to 17.
            var ticks = fields[11..15].Sum(static field => long.Parse(field, CultureInfo.InvariantCulture));
            return new Stat(id, int.Parse(fields[1], CultureInfo.InvariantCulture), name, File.ReadAllText($"{path}/cmdline"), ticks / TicksPerSecond);
        }
        catch (IOException)
        {
            return null; // It has ended.
        }
    }

    private sealed record Stat(int Id, int Parent, string Name, string Command, double Seconds);
}
