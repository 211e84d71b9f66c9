using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Hosting;

namespace ServiceDefaults.Clients;

/// <summary>Connections that must be configured before the host starts.</summary>
internal static class RequiredConnections
{
    /// <summary>Reports a missing or unreadable connection string at start, together with every other fault of configuration.</summary>
    public static void RequireConnection(
        this IServiceCollection services, string name, string section, Func<string?> connection, Action<string> parse) =>
        services.AddOptions<RequiredConnection>(name)
            .Configure(required => required.ConnectionString = connection())
            .Validate(static required => !string.IsNullOrWhiteSpace(required.ConnectionString), Missing(name, section))
            .Validate(required => string.IsNullOrWhiteSpace(required.ConnectionString) || CanParse(required.ConnectionString, parse),
                $"ConnectionStrings:{name}: it cannot be read as a connection string. Correct ConnectionStrings__{name}.")
            .Validate<IHostEnvironment>(static (required, environment) => ConnectionPassword.IsGood(required.ConnectionString, environment),
                $"ConnectionStrings:{name}: {ConnectionPassword.Advice}")
            .ValidateOnStart();

    /// <summary>The connection string, at first use.</summary>
    /// <exception cref="InvalidOperationException">It is missing; the message names the key.</exception>
    public static string Require(string name, string section, string? connection) =>
        string.IsNullOrWhiteSpace(connection) ? throw new InvalidOperationException(Missing(name, section)) : connection;

    private static string Missing(string name, string section) =>
        $"ConnectionStrings:{name}: the connection string is missing. Set ConnectionStrings__{name}, or {section}:{name}:ConnectionString in the settings file.";

    private static bool CanParse(string connection, Action<string> parse)
    {
        try
        {
            parse(connection);
            return true;
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or KeyNotFoundException)
        {
            return false;
        }
    }
}

internal sealed class RequiredConnection
{
    public string? ConnectionString { get; set; }
}
