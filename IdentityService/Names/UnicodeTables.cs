using System.Collections.Frozen;
using System.Globalization;

namespace IdentityService.Names;

/// <summary>What a character may be used for in a user name.</summary>
/// <param name="First">The first of a range of code points.</param>
/// <param name="Last">The last of it.</param>
/// <param name="Scripts">The scripts it is used in (Script_Extensions, UAX 24); empty for one that is common to all.</param>
/// <param name="Kind">Letter or digit, mark, or punctuation.</param>
internal sealed record AllowedRange(int First, int Last, string[] Scripts, CharacterKind Kind);

/// <summary>Kinds of character that a name is made of.</summary>
internal enum CharacterKind
{
    Letter,
    Mark,
    Punctuation,
}

/// <summary>
/// What of Unicode the rules of user names need, from the embedded <c>unicode-names.txt</c>: the platform runs without ICU,
/// and .NET without ICU normalises ASCII only.
/// </summary>
internal static class UnicodeTables
{
    private static readonly Dictionary<string, List<(string Key, string Value)>> Sections = Read();

    /// <summary>Full compatibility decompositions (NFKD), Hangul excepted.</summary>
    public static readonly FrozenDictionary<int, int[]> Decompositions = Map("decompositions");

    /// <summary>Pairs and what they compose to, Hangul excepted.</summary>
    public static readonly FrozenDictionary<(int, int), int> Compositions = Sections["compositions"]
        .Select(line => (Pair: Points(line.Key), Whole: Point(line.Value)))
        .ToFrozenDictionary(line => (line.Pair[0], line.Pair[1]), line => line.Whole);

    /// <summary>Canonical combining classes other than 0.</summary>
    public static readonly FrozenDictionary<int, byte> Classes = Sections["classes"]
        .SelectMany(line => Span(line.Key).Select(point => (Point: point, Class: byte.Parse(line.Value, CultureInfo.InvariantCulture))))
        .ToFrozenDictionary(one => one.Point, one => one.Class);

    /// <summary>Full case folding.</summary>
    public static readonly FrozenDictionary<int, int[]> Foldings = Map("foldings");

    /// <summary>Prototypes of characters that look like others (UTS 39 section 4).</summary>
    public static readonly FrozenDictionary<int, int[]> Prototypes = Map("prototypes");

    private static readonly AllowedRange[] Allowed = [.. Sections["allowed"].Select(AllowedOf)];

    /// <summary>What a code point is in a name; null for one that no name may have.</summary>
    public static AllowedRange? Find(int point)
    {
        var (low, high) = (0, Allowed.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var range = Allowed[middle];
            if (point >= range.First && point <= range.Last)
            {
                return range;
            }

            (low, high) = point < range.First ? (low, middle - 1) : (middle + 1, high);
        }

        return null;
    }

    private static AllowedRange AllowedOf((string Key, string Value) line)
    {
        var (first, last) = Ends(line.Key);
        var parts = line.Value.Split(';');
        var kind = parts.Length == 1 ? CharacterKind.Letter : parts[1] == "M" ? CharacterKind.Mark : CharacterKind.Punctuation;
        return new AllowedRange(first, last, parts[0] == "*" ? [] : parts[0].Split(','), kind);
    }

    private static FrozenDictionary<int, int[]> Map(string section) =>
        Sections[section].ToFrozenDictionary(line => Point(line.Key), line => Points(line.Value));

    private static Dictionary<string, List<(string Key, string Value)>> Read()
    {
        using var resource = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode-names.txt")
            ?? throw new InvalidOperationException("The tables of Unicode are missing from the assembly.");
        using var lines = new StreamReader(resource);
        Dictionary<string, List<(string Key, string Value)>> sections = new(StringComparer.Ordinal);
        List<(string, string)>? section = null;
        while (lines.ReadLine() is { } line)
        {
            if (line.StartsWith('@'))
            {
                sections[line[1..]] = section = [];
            }
            else if (!line.StartsWith('#'))
            {
                var at = line.IndexOf('=', StringComparison.Ordinal);
                section!.Add((line[..at], line[(at + 1)..]));
            }
        }

        return sections;
    }

    private static IEnumerable<int> Span(string text)
    {
        var (first, last) = Ends(text);
        return Enumerable.Range(first, last - first + 1);
    }

    private static (int First, int Last) Ends(string text)
    {
        var at = text.IndexOf('-', StringComparison.Ordinal);
        return (Point(text[..at]), Point(text[(at + 1)..]));
    }

    private static int[] Points(string text) => [.. text.Split(' ').Select(Point)];

    private static int Point(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
