using System.Text;

namespace IdentityService.SecondFactor;

/// <summary>RFC 4648 section 6, without padding, as authenticator applications read secrets.</summary>
internal static class Base32
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int BitsPerLetter = 5;

    public static string Encode(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder((octets.Length * 8 / BitsPerLetter) + 1);
        var (buffer, bits) = (0, 0);
        foreach (var octet in octets)
        {
            (buffer, bits) = (((buffer << 8) | octet) & 0xFFFF, bits + 8);
            while (bits >= BitsPerLetter)
            {
                bits -= BitsPerLetter;
                text.Append(Letters[(buffer >> bits) & 31]);
            }
        }

        return bits == 0 ? text.ToString() : text.Append(Letters[(buffer << (BitsPerLetter - bits)) & 31]).ToString();
    }
}
