using System.Text;

namespace Gateway.Edge;

/// <summary>
/// Reads digits as digits and every other byte as a letter. Kestrel's own reading of Content-Length takes a plus sign, and
/// white space too once an encoding was chosen for it; with this one it takes digits alone (RFC 9110 section 8.6).
/// </summary>
internal sealed class DigitEncoding : Encoding
{
    public static readonly DigitEncoding Instance = new();

    private DigitEncoding()
    {
    }

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        ASCII.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (bytes.Length > chars.Length)
        {
            // Longer than any length: Kestrel gives room for the longest there is.
            chars.Fill('x');
            return chars.Length;
        }

        for (var index = 0; index < bytes.Length; index++)
        {
            chars[index] = char.IsAsciiDigit((char)bytes[index]) ? (char)bytes[index] : 'x';
        }

        return bytes.Length;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount;
}
