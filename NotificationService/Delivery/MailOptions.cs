using System.ComponentModel.DataAnnotations;
using System.Data.Common;
using System.Net.Mail;

namespace NotificationService.Delivery;

/// <summary>Section <c>Mail</c>.</summary>
internal sealed class MailOptions
{
    public const string Section = "Mail";

    /// <summary>The sender's address; its domain is also that of the message ids.</summary>
    [Required]
    public string From { get; init; } = "no-reply@platform.example";

    [Required, StringLength(100)]
    public string FromName { get; init; } = "Platform";

    /// <summary>Ask the server for TLS before anything else (RFC 3207) and refuse to go on without.</summary>
    public bool StartTls { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public static bool HasUsableSender(MailOptions options) =>
        MailAddress.TryCreate(options.From, out var address) && address.Address == options.From;
}

/// <summary>The connection string <c>mail</c>, in the form that MailPit's integration has.</summary>
internal sealed class MailServer
{
    public string? ConnectionString { get; set; }

    /// <summary>Null when the connection string names none.</summary>
    public Uri? Endpoint => Parse(ConnectionString);

    private static Uri? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = text };
            return parts.TryGetValue("Endpoint", out var endpoint)
                && Uri.TryCreate(endpoint.ToString(), UriKind.Absolute, out var uri)
                && uri is { Scheme: "smtp", Port: > 0, Host.Length: > 0 }
                    ? uri
                    : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
