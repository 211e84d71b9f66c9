using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Health;

/// <summary>Where health, metrics and log levels are served, section <c>Management</c>.</summary>
internal sealed class ManagementOptions
{
    public const string Section = "Management";

    /// <summary>The port, beside those of <c>ASPNETCORE_URLS</c>. Without one, these routes cannot be reached at all.</summary>
    [Range(1, 65535)]
    public int? Port { get; set; }

    /// <summary>The address it listens on: an IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
    [Required]
    [RegularExpression(@"^(\*|localhost|[0-9.]+|\[[0-9A-Fa-f:]+\])$", ErrorMessage = "must be *, localhost, or an IP address (IPv6 in brackets)")]
    public string Host { get; set; } = "127.0.0.1";

    public string Address => $"http://{Host}:{Port}";
}
