namespace Platform.LocalEngine.Running;

/// <summary>Takes the values of secret parameters out of whatever is to be shown.</summary>
internal sealed class SecretMask(IEnumerable<ParameterResource> parameters)
{
    private const string Hidden = "********";
    private static readonly string[] SecretNames = ["password", "secret", "apikey", "api-key", "token", "encryptionkey", "privatekey"];
    private readonly ParameterResource[] _secrets = [.. parameters.Where(p => p.Secret)];

    public async Task<IReadOnlyDictionary<string, string>> MaskAsync(IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var values = new List<string>();
        foreach (var parameter in _secrets)
        {
            if (await parameter.GetValueAsync(cancellationToken) is { Length: > 0 } value)
            {
                values.Add(value);
            }
        }

        return environment.OrderBy(e => e.Key, StringComparer.Ordinal).ToDictionary(e => e.Key, e => Mask(e.Key, e.Value, values));
    }

    // The name decides as well: a secret may also come from the user's own configuration.
    private static string Mask(string name, string text, List<string> values)
    {
        var last = name.Split("__")[^1];
        return SecretNames.Any(s => last.Contains(s, StringComparison.OrdinalIgnoreCase)) || name == "OTEL_EXPORTER_OTLP_HEADERS"
            ? Hidden
            : ConnectionStringMask.Mask(values.Aggregate(text, (t, v) => t.Replace(v, Hidden, StringComparison.Ordinal)));
    }
}
