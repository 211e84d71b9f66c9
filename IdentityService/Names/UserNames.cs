using System.Security.Cryptography;
using System.Text;

namespace IdentityService.Names;

/// <summary>What becomes of a user name that somebody types: how it is kept, searched, and told from others that look alike.</summary>
internal static class UserNames
{
    // Longer ones can't become a name of 64 characters: no character's NFKC is shorter than a third of it.
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

        var once = Normalization.Compose(Normalization.Fold(Normalization.Decompose(Normalization.PointsOf(text))));
        var folded = Normalization.Compose(Normalization.Fold(once));
        return Normalization.TextOf(folded.ConvertAll(point => point is >= 'a' and <= 'z' ? point - 'a' + 'A' : point));
    }

    /// <summary>SHA-256 of what the name looks like, so that it can outlive the name. Two names with one key look alike.</summary>
    public static byte[] KeyOf(string userName) => SHA256.HashData(Encoding.UTF8.GetBytes(SkeletonOf(userName)));

    /// <summary>
    /// What a name looks like (UTS 39 section 4, skeleton), without regard to case: <c>paypaI</c> and <c>PayPal</c> are one,
    /// also where some letters are Cyrillic.
    /// </summary>
    internal static string SkeletonOf(string userName)
    {
        var folded = Normalization.Fold(Normalization.PointsOf(Normalize(userName)));
        var prototypes = Normalization.Prototypes(Normalization.Decompose(folded));
        return Normalization.TextOf(Normalization.Decompose(Normalization.Fold(prototypes)));
    }
}
