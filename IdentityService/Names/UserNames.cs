using System.Security.Cryptography;
using System.Text;

namespace IdentityService.Names;

/// <summary>What becomes of a user name that somebody types: how it is kept, searched, and told from others that look alike.</summary>
internal static class UserNames
{
    // Longer ones can't become a name of 64 characters: no more than four compose to one.
    private const int LongestTyped = 256;

    /// <summary>The name as it is kept and shown, in NFKC; null for a text that is no name.</summary>
    public static string? Read(string text)
    {
        if (text.Length > LongestTyped)
        {
            return null;
        }

        var points = Normalization.Compose(Normalization.PointsOf(text));
        return NameRules.AreMet(points) ? Normalization.TextOf(points) : null;
    }

    /// <summary>
    /// The form that is unique and searched: case folded, in NFKC (Unicode Standard section 3.13, D146), ASCII in capitals
    /// as it was kept when there was nothing else. Any text has one, also one that is no name.
    /// </summary>
    public static string Normalize(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.ToUpperInvariant();
        }

        return string.Concat(Fold(text).Select(letter => char.IsAsciiLetterLower(letter) ? char.ToUpperInvariant(letter) : letter));
    }

    /// <summary>
    /// What keeps a name, without regard to case, from being given to two, or to another one after its owner is gone: a hash,
    /// so that it can outlive the name.
    /// </summary>
    public static byte[] NameKeyOf(string userName) => Hash(SkeletonOf(Fold(userName)));

    /// <summary>The same for how it looks in capitals and small letters as they are: <c>PaypaI</c> ends in a capital i.</summary>
    public static byte[] LookKeyOf(string userName) => Hash(SkeletonOf(userName));

    /// <summary>
    /// What a text looks like (UTS 39 section 4, skeleton): <c>paypa1</c> and <c>paypal</c> are one, also where some letters
    /// are Cyrillic.
    /// </summary>
    internal static string SkeletonOf(string text)
    {
        var look = Normalization.Prototypes(Normalization.Decompose(Normalization.PointsOf(text)));
        var folded = Normalization.Decompose(Normalization.Fold(look));
        return Normalization.TextOf(Normalization.Decompose(Normalization.Prototypes(folded)));
    }

    private static string Fold(string text)
    {
        var once = Normalization.Compose(Normalization.Fold(Normalization.Decompose(Normalization.PointsOf(text))));
        return Normalization.TextOf(Normalization.Compose(Normalization.Fold(once)));
    }

    private static byte[] Hash(string skeleton) => SHA256.HashData(Encoding.UTF8.GetBytes(skeleton));
}
