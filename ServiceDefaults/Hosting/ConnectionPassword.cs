using System.Data.Common;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults.Hosting;

/// <summary>
/// The password inside a connection string: one that servers come with, or that is the user's name, is the first that
/// anybody tries. A developer's own machine may have such.
/// </summary>
internal static class ConnectionPassword
{
    public const string Advice = "its password is a default, a short or a guessable one. Give the server's user a random one (openssl rand -base64 32).";

    private const int LeastLength = 8;

    private static readonly HashSet<string> Defaults = new(StringComparer.OrdinalIgnoreCase)
    {
        "postgres", "postgresql", "guest", "rabbitmq", "redis", "foobared", "password", "passw0rd", "changeme", "change-me", "default",
        "example", "secret", "admin123", "administrator", "12345678", "123456789", "1234567890", "qwertyuiop", "platform",
    };

    /// <summary>Whether it may be used here; a string without a password is judged by its server.</summary>
    public static bool IsGood(string? connection, IHostEnvironment environment) =>
        environment.IsDevelopment() || Read(connection) is not ({ } password, var user)
        || (password.Length >= LeastLength && !Defaults.Contains(password) && !string.Equals(password, user, StringComparison.OrdinalIgnoreCase)
            && password.Distinct().Count() > 3);

    // The three forms: a URI with user information, host:port,password=… and key=value;….
    private static (string Password, string? User)? Read(string? connection)
    {
        if (string.IsNullOrWhiteSpace(connection))
        {
            return null;
        }

        if (connection.Contains("://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(connection, UriKind.Absolute, out var uri) && uri.UserInfo.Split(':', 2) is [var name, var secret]
                ? (Uri.UnescapeDataString(secret), Uri.UnescapeDataString(name))
                : null;
        }

        if (connection.Split(',').Skip(1).FirstOrDefault(static part => part.Trim().StartsWith("password=", StringComparison.OrdinalIgnoreCase)) is { } option)
        {
            return (option.Trim()["password=".Length..], null);
        }

        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = connection };
            return parts.TryGetValue("Password", out var password) ? ((string)password, parts.TryGetValue("Username", out var user) ? (string)user : null) : null;
        }
        catch (ArgumentException)
        {
            return null; // Said by who reads it.
        }
    }
}
