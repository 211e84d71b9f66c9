using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace ServiceDefaults.Pages;

/// <summary>
/// HTML from an interpolated string: what stands in the source is markup, every hole is text and encoded, unless it is
/// <see cref="Html"/> itself. There is no way to put a string in unencoded.
/// </summary>
/// <param name="literalLength">Characters of markup.</param>
/// <param name="formattedCount">Holes.</param>
[InterpolatedStringHandler]
public readonly struct Html(int literalLength, int formattedCount)
{
    private readonly StringBuilder? _text = new(literalLength + (formattedCount * 32));

    /// <summary>Adds nothing where it stands.</summary>
    public static Html Nothing => default;

    /// <summary>What stands in the source.</summary>
    public void AppendLiteral(string markup) => _text!.Append(markup);

    /// <summary>Text, encoded.</summary>
    public void AppendFormatted(string? text) => _text!.Append(HtmlEncoder.Default.Encode(text ?? ""));

    /// <summary>A number.</summary>
    public void AppendFormatted(long number) => _text!.Append(CultureInfo.InvariantCulture, $"{number}");

    /// <summary>An instant, in UTC to the second.</summary>
    public void AppendFormatted(DateTimeOffset? time) =>
        AppendFormatted(time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));

    /// <summary>A day.</summary>
    public void AppendFormatted(DateOnly day) => AppendFormatted(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    /// <summary>Markup made the same way.</summary>
    public void AppendFormatted(Html part) => _text!.Append(part._text);

    /// <summary>Several of them, one after the other.</summary>
    public void AppendFormatted(IEnumerable<Html> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        foreach (var part in parts)
        {
            _text!.Append(part._text);
        }
    }

    /// <summary>The whole.</summary>
    public override string ToString() => _text?.ToString() ?? "";
}
