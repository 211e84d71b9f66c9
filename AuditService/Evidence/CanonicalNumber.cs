using System.Globalization;

namespace AuditService.Evidence;

/// <summary>
/// Numbers as RFC 8785, 3.2.2.3 writes them (ECMAScript's form of a double). A number that a double has not exactly that
/// decimal form for is no number to other readers; see <see cref="IsExact"/>.
/// </summary>
internal static class CanonicalNumber
{
    private const int LongestInteger = 21;

    /// <summary>The canonical form; a number that is not exact keeps its own, so that no two numbers share one.</summary>
    public static string Of(string number) =>
        TryParse(number, out var value) && IsSame(number, Of(value)) ? Of(value) : number;

    /// <summary>Whether the shortest decimal form of the nearest double is this number.</summary>
    public static bool IsExact(string number) => TryParse(number, out var value) && IsSame(number, Of(value));

    public static string Of(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        var (negative, digits, point) = Parts(value.ToString("R", CultureInfo.InvariantCulture));
        var text = point switch
        {
            > LongestInteger => Exponential(digits, point),
            _ when point >= digits.Length => digits.PadRight(point, '0'),
            > 0 => $"{digits[..point]}.{digits[point..]}",
            > -6 => $"0.{new string('0', -point)}{digits}",
            _ => Exponential(digits, point),
        };
        return negative ? $"-{text}" : text;
    }

    private static string Exponential(string digits, int point)
    {
        var exponent = (point - 1).ToString("+0;-0", CultureInfo.InvariantCulture);
        return digits.Length == 1 ? $"{digits}e{exponent}" : $"{digits[..1]}.{digits[1..]}e{exponent}";
    }

    private static bool TryParse(string number, out double value) =>
        double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static bool IsSame(string one, string other) => Parts(one) == Parts(other);

    /// <summary>Significant digits and where the decimal point stands before or after them; of zero none.</summary>
    private static (bool IsNegative, string Digits, int Point) Parts(string number)
    {
        var isNegative = number.StartsWith('-');
        var unsigned = isNegative ? number[1..] : number;
        var at = unsigned.AsSpan().IndexOfAny('e', 'E');
        var exponent = at < 0 ? 0 : int.TryParse(unsigned.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var tens) ? tens : int.MaxValue / 2;
        var mantissa = at < 0 ? unsigned : unsigned[..at];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var all = dot < 0 ? mantissa : mantissa.Remove(dot, 1);
        var digits = all.TrimStart('0');
        if (digits.TrimEnd('0').Length == 0)
        {
            return (false, "", 0);
        }

        var point = (dot < 0 ? mantissa.Length : dot) - (all.Length - digits.Length) + exponent;
        return (isNegative, digits.TrimEnd('0'), point);
    }
}
