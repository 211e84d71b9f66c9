using System.ComponentModel.DataAnnotations;

namespace IdentityService.AccountMail;

/// <summary>Section <c>AccountMail</c>.</summary>
internal sealed class AccountMailOptions
{
    /// <summary>How long a link can be used.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "1.00:00:00")]
    public TimeSpan LinkLife { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Mails of one kind to one address, and for one account, within <see cref="QuotaWindow"/>.</summary>
    [Range(1, 100)]
    public int MostPerAddress { get; init; } = 5;

    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan QuotaWindow { get; init; } = TimeSpan.FromHours(1);
}
