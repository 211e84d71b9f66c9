using System.Text.Json;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>Who numbered the records of a segment.</summary>
/// <param name="Gateway">The gateway's id.</param>
/// <param name="Run">This process of it, UUIDv7.</param>
/// <param name="First">Number of the segment's first record within the run.</param>
internal sealed record JournalHead(string Gateway, Guid Run, long First);

/// <summary>What stands in one line of a segment: one of the three.</summary>
/// <param name="Record">The JSON of a <see cref="RequestRecord"/>; empty when the line is something else.</param>
internal readonly record struct JournalLine(JournalHead? Head, RequestsCounted? Counted, ReadOnlyMemory<byte> Record);

/// <summary>
/// One file of the journal. As long as it is small its content is kept in memory too, so that nothing is read back while
/// the bus takes everything. Not safe for concurrent use.
/// </summary>
internal sealed class JournalSegment : IDisposable
{
    private const int MostInMemory = 8192;

    private static readonly JsonSerializerOptions Json = new(EventCatalogue.Json)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly string _path;
    private readonly bool _isOwn;
    private List<JournalLine>? _lines;
    private FileStream? _file;
    private bool _broken;

    private JournalSegment(string path, List<JournalLine>? lines) => (_path, _lines, _isOwn) = (path, lines, lines is not null);

    public long Length { get; private set; }

    /// <summary>Lines appended by this process.</summary>
    public int Count { get; private set; }

    /// <summary>Lines that need not be sent any more.</summary>
    public int Sent { get; set; }

    /// <summary>Of an earlier process.</summary>
    public static JournalSegment Found(string path) => new(path, lines: null) { Length = new FileInfo(path).Length };

    public static JournalSegment Begin(string path, JournalHead head)
    {
        JournalSegment segment = new(path, []);
        segment.Append(new StoredLine(Head: head), new JournalLine(head, null, default), sync: false);
        return segment;
    }

    /// <inheritdoc cref="Append(RecordLines, int, bool)"/>
    public bool Append(RequestsCounted counted, bool sync) =>
        Append(new StoredLine(Counted: counted), new JournalLine(null, counted, default), sync);

    /// <summary>
    /// Appends the first of the lines with one write; false when neither the disk nor the memory can take them. Without
    /// <paramref name="sync"/> they outlive the process, with it the machine's loss of power.
    /// </summary>
    public bool Append(RecordLines lines, int count, bool sync)
    {
        var written = TryWrite(lines.Text(count), sync);
        Count += count;
        if (MayRemember(count, written))
        {
            ReadOnlyMemory<byte> text = lines.Text(count).ToArray();
            var start = 0;
            for (var line = 0; line < count; line++)
            {
                var end = lines.Lines[line].End;
                _lines!.Add(new JournalLine(null, null, text[(start + RecordLines.Lead.Length)..(end - RecordLines.Tail.Length)]));
                start = end;
            }

            return true;
        }

        return written;
    }

    /// <summary>No more will be appended, and it will not be sent soon: only the disk keeps it.</summary>
    public void SealForLater()
    {
        Seal();
        _lines = _broken ? _lines : null;
    }

    /// <summary>No more will be appended.</summary>
    public void Seal()
    {
        _file?.Dispose();
        _file = null;
    }

    /// <summary>All lines in the order written; a line cut off by a crash in the middle of writing it is left out.</summary>
    public IEnumerable<JournalLine> Read(Action<JsonException?> torn) => _lines ?? ReadFile(torn);

    public void Delete()
    {
        Seal();
        File.Delete(_path);
    }

    public void Dispose() => Seal();

    private bool Append(StoredLine stored, JournalLine line, bool sync)
    {
        var written = TryWrite([.. JsonSerializer.SerializeToUtf8Bytes(stored, Json), (byte)'\n'], sync);
        Count++;
        if (MayRemember(1, written))
        {
            _lines!.Add(line);
            return true;
        }

        return written;
    }

    /// <summary>Whether the memory takes so many lines more; forgets all of them when the disk has what it cannot take.</summary>
    private bool MayRemember(int count, bool written)
    {
        if (_lines is null || _lines.Count + count <= MostInMemory)
        {
            return _lines is not null;
        }

        _lines = written ? null : _lines;
        return false;
    }

    private IEnumerable<JournalLine> ReadFile(Action<JsonException?> torn)
    {
        foreach (var (text, isWhole) in SegmentFile.ReadLines(_path))
        {
            if (_isOwn && isWhole && text.Span.StartsWith(RecordLines.Lead))
            {
                yield return new JournalLine(null, null, text[RecordLines.Lead.Length..^(RecordLines.Tail.Length - 1)]);
            }
            else if (Parse(text.Span, torn) is { } line)
            {
                yield return line;
            }
        }
    }

    // What another process left is taken for what it says, not as it stands: it may be cut off, or of another version.
    private static JournalLine? Parse(ReadOnlySpan<byte> text, Action<JsonException?> torn)
    {
        StoredLine? stored = null;
        try
        {
            stored = JsonSerializer.Deserialize<StoredLine>(text, Json);
        }
        catch (JsonException fault)
        {
            torn(fault);
            return null;
        }

        if (stored is null or { Head: null, Request: null, Counted: null })
        {
            torn(null);
            return null;
        }

        return new JournalLine(stored.Head, stored.Counted, stored.Request is { } record ? JsonSerializer.SerializeToUtf8Bytes(record, Json) : default);
    }

    private bool TryWrite(ReadOnlySpan<byte> text, bool sync)
    {
        if (_broken)
        {
            return false;
        }

        try
        {
            _file ??= new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
            _file.Write(text);
            if (sync)
            {
                _file.Flush(flushToDisk: true);
            }

            Length += text.Length;
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _broken = true; // what is in memory can still be sent
            return false;
        }
    }

    /// <summary>A line's text.</summary>
    private sealed record StoredLine(JournalHead? Head = null, RequestRecord? Request = null, RequestsCounted? Counted = null);
}
