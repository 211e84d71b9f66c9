namespace IdentityService.Names;

/// <summary>
/// Which texts are user names: 3 to 64 letters, digits, marks, dots, hyphens and underscores, of one script or of those that
/// Chinese, Japanese and Korean are written with, Latin among them (UTS 39 section 5.2, "highly restrictive"). Characters
/// nobody sees, that turn the direction of text, or that UTS 39 does not recommend for identifiers are refused.
/// </summary>
internal static class NameRules
{
    public const int Shortest = 3;
    public const int Longest = 64;

    private const int MostMarksInARow = 3;

    private static readonly string[][] Together =
    [
        ["Latn", "Hani", "Hira", "Kana"],
        ["Latn", "Hani", "Bopo"],
        ["Latn", "Hani", "Hang"],
    ];

    /// <summary>Whether a text in NFKC is a name.</summary>
    public static bool AreMet(List<int> points)
    {
        if (points.Count is < Shortest or > Longest)
        {
            return false;
        }

        List<AllowedRange> found = new(points.Count);
        foreach (var point in points)
        {
            if (UnicodeTables.Find(point) is not { } allowed)
            {
                return false;
            }

            found.Add(allowed);
        }

        return found[0].Kind == CharacterKind.Letter
            && found[^1].Kind != CharacterKind.Punctuation
            && MarksAreOnLetters(found)
            && MarksAreFew(points)
            && ScriptsGoTogether(found);
    }

    // UTS 39 section 5.4: nobody can tell two of the same mark from one. Counted where letters and their marks are apart.
    private static bool MarksAreFew(List<int> points)
    {
        var parts = Normalization.Decompose(points);
        var marks = 0;
        for (var at = 1; at < parts.Count; at++)
        {
            marks = UnicodeTables.Classes.ContainsKey(parts[at]) ? marks + 1 : 0;
            if (marks > MostMarksInARow || (marks > 0 && parts[at] == parts[at - 1]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool MarksAreOnLetters(List<AllowedRange> found) =>
        !found.Zip(found.Skip(1)).Any(pair => pair is { First.Kind: CharacterKind.Punctuation, Second.Kind: CharacterKind.Mark });

    private static bool ScriptsGoTogether(List<AllowedRange> found)
    {
        var scripts = found.Where(one => one.Scripts.Length > 0).Select(one => one.Scripts).ToList();
        return scripts.Count == 0
            || scripts[0].Any(script => scripts.TrueForAll(of => of.Contains(script, StringComparer.Ordinal)))
            || Array.Exists(Together, group => scripts.TrueForAll(of => of.Intersect(group, StringComparer.Ordinal).Any()));
    }
}
