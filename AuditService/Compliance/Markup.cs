using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace AuditService.Compliance;

/// <summary>
/// HTML from an interpolated string: what stands in the source is markup, every hole is text and encoded, unless it is
/// <see cref="Markup"/> itself.
/// </summary>
[InterpolatedStringHandler]
internal readonly struct Markup(int literalLength, int formattedCount)
{
    private readonly StringBuilder? _text = new(literalLength + (formattedCount * 32));

    public void AppendLiteral(string markup) => _text!.Append(markup);

    public void AppendFormatted(string? text) => _text!.Append(HtmlEncoder.Default.Encode(text ?? ""));

    public void AppendFormatted(Markup part) => _text!.Append(part._text);

    public void AppendFormatted(long number) => _text!.Append(number);

    public void AppendFormatted(DateTimeOffset? time) =>
        AppendFormatted(time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));

    public void AppendFormatted(DateOnly day) => AppendFormatted(day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));

    public void AppendFormatted(IEnumerable<Markup> parts)
    {
        foreach (var part in parts)
        {
            _text!.Append(part._text);
        }
    }

    public override string ToString() => _text?.ToString() ?? "";
}
