using System.Collections.Frozen;

namespace IdentityService.Accounts;

/// <summary>
/// The blocklist of NIST SP 800-63B section 3.1.1.2: passwords that are tried first, from an embedded list of words and keyboard walks. A password counts as one of them
/// also with other case, with the usual figures for letters, with figures and signs around it, or as a repetition.
/// </summary>
internal static class PasswordBlocklist
{
    private static readonly FrozenSet<string> Known = Read();

    /// <summary>Whether the password is one of the list or a usual variation of it.</summary>
    public static bool Contains(string password)
    {
        var lower = password.ToLowerInvariant();
        return Known.Contains(lower)
            || Known.Contains(Letters(lower))
            || Variations(lower).Any(Known.Contains)
            || IsRepetition(lower);
    }

    /// <summary>Without the figures and signs at both ends, as typed and with figures read as letters.</summary>
    private static IEnumerable<string> Variations(string lower)
    {
        var word = Bare(lower);
        yield return word;
        yield return Letters(word);
        yield return Bare(Letters(lower.TrimEnd(Trimmed)));
        yield return string.Concat(lower.Where(char.IsAsciiLetter));
    }

    private static readonly char[] Trimmed = [.. "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "];

    private static string Bare(string text) => text.Trim(Trimmed);

    private static string Letters(string text) => string.Create(text.Length, text, static (letters, from) =>
    {
        for (var at = 0; at < from.Length; at++)
        {
            letters[at] = from[at] switch
            {
                '0' => 'o',
                '1' or '!' => 'i',
                '3' => 'e',
                '4' or '@' => 'a',
                '5' or '$' => 's',
                '7' => 't',
                var other => other,
            };
        }
    });

    /// <summary>One listed word, or any four characters or fewer, over and over: <c>abababababab</c>, <c>secretsecret</c>.</summary>
    private static bool IsRepetition(string lower)
    {
        for (var period = 1; period <= lower.Length / 2; period++)
        {
            if ((period <= 4 || Known.Contains(lower[..period])) && RepeatsAfter(lower, period))
            {
                return true;
            }
        }

        return false;
    }

    private static bool RepeatsAfter(string text, int period) => text.AsSpan(period).SequenceEqual(text.AsSpan(0, text.Length - period));

    private static FrozenSet<string> Read()
    {
        using var resource = typeof(PasswordBlocklist).Assembly.GetManifestResourceStream("common-passwords.txt")
            ?? throw new InvalidOperationException("The list of common passwords is not embedded.");
        using var lines = new StreamReader(resource);
        return lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .ToFrozenSet(StringComparer.Ordinal);
    }
}
