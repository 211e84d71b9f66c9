using Microsoft.Extensions.Options;

namespace ServiceDefaults.Hosting;

internal static class EarlyOptions
{
    /// <summary>
    /// For what is read while the host is built: a fault there would hide all others, which the start reports together.
    /// The process does not get past that report, so the defaults never serve.
    /// </summary>
    public static T OrDefaults<T>(this IOptions<T> options)
        where T : class, new()
    {
        try
        {
            return options.Value;
        }
        catch (OptionsValidationException)
        {
            return new T();
        }
    }
}
