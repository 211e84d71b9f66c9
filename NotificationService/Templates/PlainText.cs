using System.Text;

namespace NotificationService.Templates;

/// <summary>Text from outside that goes into a line of a mail or a row.</summary>
internal static class PlainText
{
    private const int Longest = 500;

    /// <summary>
    /// One line: control characters, which could end a header or which PostgreSQL refuses, and half surrogate pairs
    /// become spaces; cut to 500 characters.
    /// </summary>
    public static string Of(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, Longest));
        foreach (var letter in text.EnumerateRunes())
        {
            if (line.Length + letter.Utf16SequenceLength > Longest)
            {
                break;
            }

            // U+2028 and U+2029 end lines too, in the eyes of some readers.
            line.Append(Rune.IsControl(letter) || letter.Value is 0x2028 or 0x2029 || letter == Rune.ReplacementChar
                ? " "
                : letter.ToString());
        }

        return line.ToString();
    }
}
