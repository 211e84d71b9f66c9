using Platform.LocalEngine.Running;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    /// <summary>A parameter that must be set: <c>Parameters:{name}</c> in the configuration.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        Add(builder, name, null, secret, persist: false);

    /// <summary>A parameter with a default; with <paramref name="persist"/> a generated one is kept over restarts.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false) =>
        Add(builder, name, value, secret, persist);

    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, _ => Configured(builder, name) ?? value, secret));

    /// <summary>The password of a server that the model names none for: generated once, then kept with the server's data.</summary>
    internal static ParameterResource GeneratedPassword(IDistributedApplicationBuilder builder, string name) =>
        Add(builder, name, new GenerateParameterDefault { MinLength = 22, Special = false }, secret: true, persist: true).Resource;

    private static IResourceBuilder<ParameterResource> Add(IDistributedApplicationBuilder builder, string name, ParameterDefault? value, bool secret, bool persist)
    {
        var secrets = ((LocalApplicationBuilder)builder).Secrets;
        return builder.AddResource(new ParameterResource(name, Resolve, secret) { Default = value });

        string Resolve(ParameterDefault? fallback) =>
            Configured(builder, name)
            ?? (fallback is null ? throw new DistributedApplicationException(
                    $"The parameter '{name}' has no value. Set Parameters__{name.Replace('-', '_')} in the environment.")
                : persist ? secrets.GetOrAdd($"Parameters:{name}", fallback.GetDefaultValue)
                : fallback.GetDefaultValue());
    }

    // A hyphen cannot stand in the name of an environment variable, so an underscore does.
    private static string? Configured(IDistributedApplicationBuilder builder, string name) =>
        builder.Configuration[$"Parameters:{name}"] ?? builder.Configuration[$"Parameters:{name.Replace('-', '_')}"];
}
