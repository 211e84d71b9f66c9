namespace IdentityService.Sessions;

/// <summary>
/// A name by which people know a device again, from its User-Agent: "Firefox on Linux". Programs are known by their own
/// first word. A hint, never a proof: clients write there what they like.
/// </summary>
internal static class DeviceName
{
    public const string Unknown = "Unknown device";

    private const int Longest = 40;

    // The order decides: nearly every browser also names those before it.
    private static readonly (string Token, string Name)[] Browsers =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"),
        ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Firefox/", "Firefox"), ("Chromium/", "Chromium"), ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];

    // Likewise: an iPhone says "like Mac OS X", Android says Linux.
    private static readonly (string Token, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
        ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("Linux", "Linux"),
    ];

    /// <summary>Never empty, printable ASCII only, 40 characters at most.</summary>
    public static string Of(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
        {
            return Unknown;
        }

        var system = NameIn(userAgent, Systems);
        if (NameIn(userAgent, Browsers) is { } browser)
        {
            return system is null ? browser : $"{browser} on {system}";
        }

        var program = new string([.. userAgent.TrimStart().TakeWhile(letter => letter is > ' ' and < '\x7f' and not ('/' or '(')).Take(Longest)]);
        return program.Length == 0 ? Unknown
            : system is null || program.Equals("Mozilla", StringComparison.Ordinal) ? system ?? program
            : $"{program[..Math.Min(program.Length, Longest - 4 - system.Length)]} on {system}";
    }

    private static string? NameIn(string userAgent, (string Token, string Name)[] names) =>
        Array.Find(names, one => userAgent.Contains(one.Token, StringComparison.Ordinal)).Name;
}
