using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace NotificationService.Templates;

/// <summary>A template asks for a value that the notification does not have.</summary>
internal sealed class TemplateException(string message) : Exception(message);

/// <summary>
/// Text with <c>{{name}}</c> in it. Values are put in once and never read as templates themselves; in HTML they are
/// escaped. There is nothing else a template can do.
/// </summary>
internal sealed partial class TemplateText(string text, bool html)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>The names it asks for.</summary>
    public IEnumerable<string> Names => Placeholder().Matches(text).Select(match => match.Groups["name"].Value);

    /// <exception cref="TemplateException">A value is missing; nothing half filled in is ever sent.</exception>
    public string Render(IReadOnlyDictionary<string, string> values) => Placeholder().Replace(text, match =>
    {
        var name = match.Groups["name"].Value;
        return values.TryGetValue(name, out var value)
            ? html ? Encoder.Encode(value) : value
            : throw new TemplateException($"The template asks for '{name}', which this notification does not have.");
    });

    [GeneratedRegex(@"\{\{\s*(?<name>[A-Za-z][A-Za-z0-9]{0,63})\s*\}\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();
}
