using System.Text;

namespace IdentityService.Names;

/// <summary>Normalization forms of UAX 15 and case folding, from <see cref="UnicodeTables"/>.</summary>
internal static class Normalization
{
    // Hangul is composed by computation (Unicode Standard section 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, Syllables = Leads * Vowels * Tails;

    /// <summary>Code points of a text; halves of surrogate pairs become U+FFFD, which no name may have.</summary>
    public static List<int> PointsOf(string text) => [.. text.EnumerateRunes().Select(rune => rune.Value)];

    /// <summary>The text of code points.</summary>
    public static string TextOf(List<int> points)
    {
        var text = new StringBuilder(points.Count);
        points.ForEach(point => text.Append(new Rune(point)));
        return text.ToString();
    }

    /// <summary>NFKC.</summary>
    public static List<int> Compose(List<int> points)
    {
        var parts = Decompose(points);
        List<int> composed = new(parts.Count);
        var (starter, last) = (-1, -1); // place of the last starter, class of what was kept after it
        foreach (var part in parts)
        {
            var own = ClassOf(part);
            if (starter >= 0 && (last < own || last == -1) && TryCompose(composed[starter], part, out var whole))
            {
                composed[starter] = whole;
                continue;
            }

            (starter, last) = own == 0 ? (composed.Count, -1) : (starter, own);
            composed.Add(part);
        }

        return composed;
    }

    /// <summary>NFKD.</summary>
    public static List<int> Decompose(List<int> points)
    {
        List<int> parts = new(points.Count);
        foreach (var point in points)
        {
            if (point is >= SyllableBase and < SyllableBase + Syllables)
            {
                var index = point - SyllableBase;
                parts.Add(LeadBase + (index / (Vowels * Tails)));
                parts.Add(VowelBase + (index % (Vowels * Tails) / Tails));
                if (index % Tails > 0)
                {
                    parts.Add(TailBase + (index % Tails));
                }
            }
            else
            {
                Append(parts, UnicodeTables.Decompositions, point);
            }
        }

        Order(parts);
        return parts;
    }

    /// <summary>Full case folding, without normalization.</summary>
    public static List<int> Fold(List<int> points) => Replace(points, UnicodeTables.Foldings);

    /// <summary>What every character looks like (UTS 39 section 4), without normalization.</summary>
    public static List<int> Prototypes(List<int> points) => Replace(points, UnicodeTables.Prototypes);

    private static List<int> Replace(List<int> points, IReadOnlyDictionary<int, int[]> by)
    {
        List<int> replaced = new(points.Count);
        points.ForEach(point => Append(replaced, by, point));
        return replaced;
    }

    private static void Append(List<int> to, IReadOnlyDictionary<int, int[]> by, int point)
    {
        if (by.TryGetValue(point, out var parts))
        {
            to.AddRange(parts);
        }
        else
        {
            to.Add(point);
        }
    }

    // Marks by their classes, those of one class as they came.
    private static void Order(List<int> parts)
    {
        for (var at = 1; at < parts.Count; at++)
        {
            var own = ClassOf(parts[at]);
            for (var back = at; own > 0 && back > 0 && ClassOf(parts[back - 1]) > own; back--)
            {
                (parts[back - 1], parts[back]) = (parts[back], parts[back - 1]);
            }
        }
    }

    private static int ClassOf(int point) => UnicodeTables.Classes.GetValueOrDefault(point);

    private static bool TryCompose(int first, int second, out int whole)
    {
        if (first is >= LeadBase and < LeadBase + Leads && second is >= VowelBase and < VowelBase + Vowels)
        {
            whole = SyllableBase + ((((first - LeadBase) * Vowels) + second - VowelBase) * Tails);
            return true;
        }

        if (first is >= SyllableBase and < SyllableBase + Syllables && (first - SyllableBase) % Tails == 0
            && second is > TailBase and < TailBase + Tails)
        {
            whole = first + second - TailBase;
            return true;
        }

        return UnicodeTables.Compositions.TryGetValue((first, second), out whole);
    }
}
