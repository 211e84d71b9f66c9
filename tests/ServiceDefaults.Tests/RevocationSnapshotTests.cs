using System.IO.Pipelines;
using System.Text;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Tests;

public sealed class RevocationSnapshotTests
{
    private static readonly DateTimeOffset Later = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public async Task Snapshot_WrittenAndRead_IsTheSame()
    {
        RevocationStreamItem[] entries =
        [
            new(1, RevocationKind.Session, "a session", null, null, Later),
            new(2, RevocationKind.Subject, "a subject", 7, null, Later),
            new(4, RevocationKind.Client, "a client", null, Later.AddMinutes(-3), Later),
            new(5, RevocationKind.Global, "", null, Later.AddMinutes(-5), Later.AddMinutes(1)),
        ];
        List<RevocationStreamItem> read = [];

        var head = await RevocationSnapshot.ReadAsync(
            new MemoryStream(await WriteAsync(new("generation", 9), entries)), read.Add, TestContext.Current.CancellationToken);

        Assert.Equal(new RevocationSnapshotHead("generation", 9), head);
        Assert.Equal(entries, read);
    }

    [Fact]
    public async Task Snapshot_CutOffAnywhere_IsNotWhole()
    {
        var whole = await WriteAsync(new(null, 2), [new(1, RevocationKind.Session, "one", null, null, Later), new(2, RevocationKind.Session, "two", null, null, Later)]);

        for (var length = 0; length < whole.Length - 2; length += 3)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(Encoding.UTF8.GetString(whole, 0, length)));
        }

        await ReadAsync(Encoding.UTF8.GetString(whole)); // the control
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"type":"end","sequence":0}""")]
    [InlineData("""{"type":"head","sequence":1} {"type":"end","sequence":1}""")]
    [InlineData("""{"type":"head","sequence":1} {"type":"head","sequence":1} {"type":"end","sequence":0}""")]
    [InlineData("""{"type":"head","sequence":1} {"type":"entry","sequence":1,"value":"x"} {"type":"end","sequence":1}""")]
    [InlineData("""{"type":"head","sequence":1} {"type":"something","sequence":1} {"type":"end","sequence":0}""")]
    public async Task Snapshot_ThatIsNone_IsRefused(string text) =>
        await Assert.ThrowsAsync<FormatException>(() => ReadAsync(text));

    [Fact]
    public async Task Snapshot_OfAMillionThatNobodyReads_WaitsInsteadOfPilingUp()
    {
        var made = 0;
        async IAsyncEnumerable<RevocationStreamItem> Entries()
        {
            await Task.CompletedTask;
            while (made < 1_000_000)
            {
                yield return new RevocationStreamItem(++made, RevocationKind.Session, "a session", null, null, Later);
            }
        }

        using CancellationTokenSource stop = new();
        Pipe pipe = new();
        var writing = RevocationSnapshot.WriteAsync(pipe.Writer, new(null, 1), Entries(), stop.Token);

        // It ran until the pipe was full, and waits there.
        Assert.False(writing.IsCompleted);
        Assert.InRange(made, 1, 10_000);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [Theory]
    [InlineData("12:1800000000000:4000", 12, 4)]
    [InlineData("12:1800000000000", 12, 30)]
    [InlineData("", 0, 0)]
    [InlineData(null, 0, 0)]
    [InlineData("12", 0, 0)]
    [InlineData("-1:5", 0, 0)]
    [InlineData("1:99999999999999999999", 0, 0)]
    public void Receipt_ReadFromText_IsWhatItSaysOrNone(string? text, long sequence, int seconds)
    {
        var receipt = RevocationReceipt.Read(text);

        Assert.Equal(sequence, receipt.Sequence);
        Assert.Equal(TimeSpan.FromSeconds(seconds), receipt.ServesFor);
        Assert.Equal(sequence == 0 ? default : Later, receipt.At);
    }

    [Fact]
    public void Receipt_Written_ReadsTheSame()
    {
        RevocationReceipt receipt = new(42, Later, TimeSpan.FromSeconds(30));

        Assert.Equal(receipt, RevocationReceipt.Read(receipt.Format()));
    }

    private static Task ReadAsync(string text) =>
        RevocationSnapshot.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), static _ => { }, TestContext.Current.CancellationToken);

    private static async Task<byte[]> WriteAsync(RevocationSnapshotHead head, RevocationStreamItem[] entries)
    {
        using MemoryStream stream = new();
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await RevocationSnapshot.WriteAsync(output, head, entries.ToAsyncEnumerable(), CancellationToken.None);
        await output.CompleteAsync();
        return stream.ToArray();
    }
}
