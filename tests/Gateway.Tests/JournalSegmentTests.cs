using System.Text;
using System.Text.Json;
using Gateway.RequestAudit;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class JournalSegmentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("journal-segment-").FullName;
    private readonly List<JsonException?> _torn = [];

    private string File => Path.Combine(_folder, "segment.ndjson");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Segment_OfMoreThanTheMemoryKeeps_IsReadBackByteForByte()
    {
        // Some lines go over the edge of what is read at once, and one is longer than that.
        string[] records = [.. Enumerable.Range(0, 10_000).Select(static number => Record(number, number == 5_000 ? 300_000 : number % 700))];
        using var segment = Begin();
        foreach (var some in records.Chunk(500))
        {
            Assert.True(segment.Append(Lines(some), some.Length, sync: false));
        }

        segment.Seal();

        Assert.Equal(records, Texts(segment.Read(_torn.Add)));
        Assert.Empty(_torn);
    }

    [Fact]
    public void Segment_CutOffInItsLastLine_GivesWhatIsWhole()
    {
        string[] records = [.. Enumerable.Range(0, 20).Select(static number => Record(number, 100))];
        using var segment = Begin();
        segment.Append(Lines(records), records.Length, sync: false);
        segment.SealForLater();
        var text = System.IO.File.ReadAllBytes(File);

        // At every place, also where what is left ends like a whole line.
        for (var cut = 1; cut < records[^1].Length; cut++)
        {
            System.IO.File.WriteAllBytes(File, text[..^cut]);
            Assert.Equal(records[..^1], Texts(segment.Read(_torn.Add)));
            Assert.Equal(cut, _torn.Count);
        }
    }

    [Fact]
    public void Segment_OfAnotherProcess_LeavesOutWhatIsNoRecord()
    {
        System.IO.File.WriteAllText(File, """
            {"head":{"gateway":"one","run":"0198c7a4-8f6e-7b3a-9a54-0242ac120002","first":7}}
            {"request":{"broken
            []
            {"request":17}

            """);
        using var segment = JournalSegment.Found(File);

        var line = Assert.Single(segment.Read(_torn.Add));
        Assert.Equal(7, line.Head?.First);
        Assert.Equal(3, _torn.Count);
    }

    private static string Record(int number, int length) => $$"""{"id":"{{number}}","actor":{"kind":"user"},"path":"/ä{{new string('x', length)}}"}""";

    private static RecordLines Lines(IEnumerable<string> records)
    {
        RecordLines lines = new();
        foreach (var record in records)
        {
            lines.Add(Encoding.UTF8.GetBytes(record), AuditResult.Success, null, default);
        }

        return lines;
    }

    private static IEnumerable<string> Texts(IEnumerable<JournalLine> lines) =>
        lines.Where(static line => line.Head is null).Select(static line => Encoding.UTF8.GetString(line.Record.Span));

    private JournalSegment Begin() => JournalSegment.Begin(File, new JournalHead("one", Guid.CreateVersion7(), 0));
}
