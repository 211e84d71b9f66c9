using System.ComponentModel.DataAnnotations;
using System.Net.Mail;

namespace NotificationService.Routing;

/// <summary>Section <c>Alerts</c>.</summary>
internal sealed class AlertOptions : IValidatableObject
{
    public const string Section = "Alerts";

    /// <summary>Mail addresses of those who run the platform and are to hear when something is wrong with it.</summary>
    public List<string> Recipients { get; init; } = [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var recipient in Recipients.Where(recipient => !MailAddress.TryCreate(recipient, out var address) || address.Address != recipient))
        {
            yield return new ValidationResult($"'{recipient}' is no mail address", [nameof(Recipients)]);
        }
    }
}
