using System.Buffers;
using System.Text;
using System.Text.Json;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>Who numbered the records of a segment.</summary>
/// <param name="Gateway">The gateway's id.</param>
/// <param name="Run">This process of it, UUIDv7.</param>
/// <param name="First">Number of the segment's first record within the run.</param>
internal sealed record JournalHead(string Gateway, Guid Run, long First);

/// <summary>What stands in one line of a segment.</summary>
internal sealed record JournalLine(JournalHead? Head = null, RequestRecord? Request = null, RequestsCounted? Counted = null);

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
    private List<JournalLine>? _lines;
    private FileStream? _file;
    private bool _broken;

    private JournalSegment(string path, List<JournalLine>? lines) => (_path, _lines) = (path, lines);

    public long Length { get; private set; }

    /// <summary>Lines that need not be sent any more.</summary>
    public int Sent { get; set; }

    /// <summary>Of an earlier process.</summary>
    public static JournalSegment Found(string path) => new(path, lines: null) { Length = new FileInfo(path).Length };

    public static JournalSegment Begin(string path, JournalHead head)
    {
        JournalSegment segment = new(path, []);
        segment.Append([new JournalLine(head)], sync: false);
        return segment;
    }

    /// <summary>
    /// Appends lines with one write; false when neither the disk nor the memory can take them. Without
    /// <paramref name="sync"/> they outlive the process, with it the machine's loss of power.
    /// </summary>
    public bool Append(IReadOnlyList<JournalLine> lines, bool sync)
    {
        var written = TryWrite(lines, sync);
        if (_lines is not null && (!written || _lines.Count + lines.Count <= MostInMemory))
        {
            if (_lines.Count + lines.Count > MostInMemory)
            {
                return false;
            }

            _lines.AddRange(lines);
        }
        else
        {
            _lines = null;
        }

        return written || _lines is not null;
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

    private IEnumerable<JournalLine> ReadFile(Action<JsonException?> torn)
    {
        foreach (var text in File.ReadLines(_path, Encoding.UTF8))
        {
            JournalLine? line = null;
            try
            {
                line = JsonSerializer.Deserialize<JournalLine>(text, Json);
            }
            catch (JsonException fault)
            {
                torn(fault);
                continue;
            }

            if (line is { Head: null, Request: null, Counted: null } or null)
            {
                torn(null);
                continue;
            }

            yield return line;
        }
    }

    // One writer for all lines: the serializer's own set-up costs more than a record.
    private static ArrayBufferWriter<byte> Text(IReadOnlyList<JournalLine> lines)
    {
        ArrayBufferWriter<byte> text = new(lines.Count * 512);
        using Utf8JsonWriter writer = new(text);
        foreach (var line in lines)
        {
            JsonSerializer.Serialize(writer, line, Json);
            writer.Flush();
            writer.Reset();
            text.Write("\n"u8);
        }

        return text;
    }

    private bool TryWrite(IReadOnlyList<JournalLine> lines, bool sync)
    {
        if (_broken)
        {
            return false;
        }

        try
        {
            _file ??= new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
            var text = Text(lines);
            _file.Write(text.WrittenSpan);
            if (sync)
            {
                _file.Flush(flushToDisk: true);
            }

            Length += text.WrittenCount;
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _broken = true; // what is in memory can still be sent
            return false;
        }
    }
}
