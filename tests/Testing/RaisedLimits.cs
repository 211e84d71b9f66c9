namespace Platform.Testing;

/// <summary>
/// All requests of a test come from one address and often from one person. The gateway's rate limits stay on, as in the
/// product, and are raised beyond what a test sends.
/// </summary>
public static class RaisedLimits
{
    /// <summary>Variables of the gateway's process.</summary>
    public static Dictionary<string, string> OfGateway { get; } = ((string[])["address", "sign-in", "user", "device", "tenant", "api-key"])
        .ToDictionary(static policy => $"RateLimits__Policies__{policy}__Permits", static _ => "1000000", StringComparer.Ordinal);

    /// <summary>Variables by resource, with what the test sets itself.</summary>
    public static Dictionary<string, Dictionary<string, string>> With(IReadOnlyDictionary<string, Dictionary<string, string>>? own = null)
    {
        var environment = new Dictionary<string, Dictionary<string, string>>(own ?? new Dictionary<string, Dictionary<string, string>>(), StringComparer.Ordinal);
        var gateway = new Dictionary<string, string>(OfGateway, StringComparer.Ordinal);
        foreach (var (name, value) in environment.GetValueOrDefault("gateway") ?? [])
        {
            gateway[name] = value;
        }

        environment["gateway"] = gateway;
        return environment;
    }
}
