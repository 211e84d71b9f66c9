using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Logging;

/// <summary>Levels set while the process runs: the last source of the configuration, above all files and variables.</summary>
internal sealed class LogLevels : ConfigurationProvider, IConfigurationSource
{
    private const string Section = "Logging:LogLevel";
    private const int MostOverrides = 200;
    private const int LongestCategory = 200;
    private IConfiguration? _configuration;

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public void ReadFrom(IConfiguration configuration) => _configuration = configuration;

    /// <summary>Category to level, as in force.</summary>
    public SortedDictionary<string, string> Effective()
    {
        SortedDictionary<string, string> levels = new(StringComparer.Ordinal);
        foreach (IConfigurationSection entry in _configuration?.GetSection(Section).GetChildren() ?? [])
        {
            if (entry.Value is { Length: > 0 } level)
            {
                levels[entry.Key] = level;
            }
        }

        return levels;
    }

    /// <summary>Sets levels; null takes a change back. Returns the faults, in which case nothing was changed.</summary>
    public Dictionary<string, string[]> Change(IReadOnlyDictionary<string, string?> changes)
    {
        Dictionary<string, string[]> faults = new(StringComparer.Ordinal);
        foreach ((string category, string? level) in changes)
        {
            if (category.Length is 0 or > LongestCategory || category.Contains(':', StringComparison.Ordinal))
            {
                faults[category.Length > LongestCategory ? category[..LongestCategory] : category] = ["is not a log category"];
            }
            else if (level is not null && !(Enum.TryParse(level, ignoreCase: true, out LogLevel parsed) && Enum.IsDefined(parsed) && !char.IsAsciiDigit(level[0])))
            {
                faults[category] = [$"the level is one of {string.Join(", ", Enum.GetNames<LogLevel>())}"];
            }
        }

        if (Data.Count + changes.Count > MostOverrides)
        {
            faults[""] = [$"at most {MostOverrides} levels can be set"];
        }

        if (faults.Count == 0)
        {
            Apply(changes);
        }

        return faults;
    }

    private void Apply(IReadOnlyDictionary<string, string?> changes)
    {
        // A new dictionary: readers of the configuration are not locked out.
        Dictionary<string, string?> data = new(Data, StringComparer.OrdinalIgnoreCase);
        foreach ((string category, string? level) in changes)
        {
            if (level is null)
            {
                data.Remove($"{Section}:{category}");
            }
            else
            {
                data[$"{Section}:{category}"] = Enum.Parse<LogLevel>(level, ignoreCase: true).ToString();
            }
        }

        Data = data;
        OnReload();
    }
}
