using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Gateway.RateLimits;

/// <summary>Rules about the section as a whole: names, and that every policy that is named exists.</summary>
internal sealed partial class RateLimitRules(IConfiguration configuration) : IValidateOptions<RateLimitOptions>
{
    public ValidateOptionsResult Validate(string? name, RateLimitOptions options)
    {
        // As configured: the binder leaves an entry out that it can't read, and a limit must not vanish for a typing error.
        var section = configuration.GetSection(RateLimitOptions.Section);
        string[] policies = [.. section.GetSection(nameof(options.Policies)).GetChildren().Select(static policy => policy.Key)];
        var defaults = RouteLimits.Split(section[nameof(options.Default)]);
        List<string> faults = [];
        foreach (var policy in policies.Where(static policy => !Name().IsMatch(policy)))
        {
            faults.Add($"RateLimits:Policies:{policy}: a name is a lower-case letter, then letters, digits and dashes, 32 at most.");
        }

        faults.AddRange(section.GetSection(nameof(options.Policies)).GetChildren().SelectMany(Unreadable));
        faults.AddRange(defaults.Except(policies, StringComparer.Ordinal)
            .Select(policy => $"RateLimits:Default: names '{policy}', which is not in RateLimits:Policies."));
        faults.AddRange(
            from route in configuration.GetSection("ReverseProxy:Routes").GetChildren()
            from fault in FaultsOf(route["Metadata:RateLimits"], defaults, policies)
            select $"ReverseProxy:Routes:{route.Key}:Metadata:RateLimits: {fault}");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>What is wrong with a route's metadata.</summary>
    public static IEnumerable<string> FaultsOf(string? metadata, string[] defaults, ICollection<string> policies)
    {
        RouteLimits limits = new(metadata);
        foreach (var policy in limits.Added.Concat(limits.Removed).Where(policy => !policies.Contains(policy)))
        {
            yield return $"names '{policy}', which is not in RateLimits:Policies.";
        }

        if (limits.Names(defaults).Length > RequestLimits.Most)
        {
            yield return $"more than {RequestLimits.Most} policies on one route.";
        }
    }

    private static IEnumerable<string> Unreadable(IConfigurationSection policy) =>
        from property in typeof(PolicySettings).GetProperties()
        let value = policy.GetSection(property.Name)
        where !IsReadable(value, property.PropertyType)
        select $"{value.Path}: its value cannot be read.";

    private static bool IsReadable(IConfigurationSection value, Type type)
    {
        try
        {
            _ = value.Get(type);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,31}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
