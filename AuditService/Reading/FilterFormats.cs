using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AuditService.Reading;

/// <summary>Refuses control characters; PostgreSQL would refuse some of them with an error.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class PlainTextAttribute() : ValidationAttribute("The value has control characters.")
{
    public override bool IsValid(object? value) => value is not string text || !text.Any(char.IsControl);
}

/// <summary>Refuses what names no IP address.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class IpAddressAttribute() : ValidationAttribute("The value is not an IP address.")
{
    public override bool IsValid(object? value) => value is not string text || IPAddress.TryParse(text, out _);
}
