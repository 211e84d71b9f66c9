using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using ServiceDefaults.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Options that stop the process at start when they are wrong.</summary>
public static class ValidatedOptions
{
    /// <summary>
    /// Binds <typeparamref name="T"/> to a configuration section and checks its data annotations, nested objects
    /// included, when the host starts. Every fault of every section is reported at once, with its key and the
    /// environment variable that sets it; values are not shown, as they may be secrets.
    /// </summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="section">Path of the section, such as <c>Identity:Tokens</c>.</param>
    /// <returns>The builder, for rules that annotations cannot state (<c>.Validate(...)</c>).</returns>
    public static OptionsBuilder<T> AddValidatedOptions<T>(this IServiceCollection services, string section)
        where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(section);
        services.AddSingleton(provider =>
            new SectionBinding<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        services.AddSingleton<IConfigureOptions<T>>(Binding<T>);
        services.AddSingleton<IValidateOptions<T>>(Binding<T>);
        services.AddSingleton<IOptionsChangeTokenSource<T>>(provider =>
            new ConfigurationChangeTokenSource<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        return services.AddOptions<T>().ValidateOnStart();
    }

    private static SectionBinding<T> Binding<T>(IServiceProvider services)
        where T : class => services.GetRequiredService<SectionBinding<T>>();
}
