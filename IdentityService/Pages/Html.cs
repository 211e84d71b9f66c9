using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace IdentityService.Pages;

/// <summary>
/// HTML from an interpolated string: what stands in the source is markup, every hole is text and encoded, unless it is
/// <see cref="Html"/> itself. There is no way to put a string in unencoded.
/// </summary>
[InterpolatedStringHandler]
internal readonly struct Html(int literalLength, int formattedCount)
{
    private readonly StringBuilder? _text = new(literalLength + (formattedCount * 32));

    public static Html Nothing => default;

    public void AppendLiteral(string markup) => _text!.Append(markup);

    public void AppendFormatted(string? text) => _text!.Append(HtmlEncoder.Default.Encode(text ?? ""));

    public void AppendFormatted(Html part) => _text!.Append(part._text);

    public void AppendFormatted(IEnumerable<Html> parts)
    {
        foreach (var part in parts)
        {
            _text!.Append(part._text);
        }
    }

    public override string ToString() => _text?.ToString() ?? "";
}
