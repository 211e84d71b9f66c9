using System.Globalization;
using System.Runtime.CompilerServices;
using IdentityService.Names;

namespace IdentityService.Tests.Names;

public sealed class NormalizationTests
{
    /// <summary>Every line of Unicode's NormalizationTest.txt, of which normalization.txt has source and NFKC.</summary>
    [Fact]
    public void Compose_UnicodesOwnTest_EveryLineIsMet()
    {
        var lines = File.ReadAllLines(Path.Combine(Folder(), "normalization.txt"));
        Assert.True(lines.Length > 19_000, "the test's lines are missing");

        var wrong = lines.Select(line => line.Split(';')).Where(line => !IsMet(Points(line[0]), Points(line[1]))).Select(line => line[0]).ToList();

        Assert.True(wrong.Count == 0, $"{wrong.Count} are wrong, the first {wrong.FirstOrDefault()}");
    }

    // Also: what is normalized already stays as it is.
    private static bool IsMet(List<int> source, List<int> expected) =>
        Normalization.Compose(source).SequenceEqual(expected) && Normalization.Compose(expected).SequenceEqual(expected);

    private static List<int> Points(string text) =>
        [.. text.Split(' ').Select(point => int.Parse(point, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
