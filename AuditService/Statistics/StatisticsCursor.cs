using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace AuditService.Statistics;

/// <summary>A place in statistics: the last line that was seen. Opaque to clients.</summary>
/// <param name="Records">How many it counted.</param>
/// <param name="Key">Of what.</param>
internal readonly record struct StatisticsCursor(long Records, string Key)
{
    private const int Longest = 2048;

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Records} {Key}")));

    public static bool TryParse([NotNullWhen(true)] string? text, out StatisticsCursor cursor)
    {
        cursor = default;
        if (text is null || text.Length > Longest || !Base64Url.IsValid(text))
        {
            return false;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ', 2);
        if (parts.Length != 2 || parts[1].Any(char.IsControl) || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var records))
        {
            return false;
        }

        cursor = new StatisticsCursor(records, parts[1]);
        return true;
    }
}

/// <summary>Refuses a <c>?cursor=</c> that no statistics gave.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class StatisticsCursorFormatAttribute() : ValidationAttribute("The cursor is not one that a list returned.")
{
    public override bool IsValid(object? value) => value is null || (value is string text && StatisticsCursor.TryParse(text, out _));
}
