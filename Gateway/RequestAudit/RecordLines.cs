using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>One record among the lines: where its line ends, and what is counted of its request.</summary>
/// <param name="End">Offset after the line's newline.</param>
/// <param name="Result">How it ended.</param>
/// <param name="ApiKey">Id of the API key that it came with, or null.</param>
/// <param name="At">When it came in.</param>
internal readonly record struct RecordLine(int End, AuditResult Result, string? ApiKey, DateTimeOffset At);

/// <summary>
/// Records as lines of the journal, one after the other in one buffer. Not safe for concurrent use.
/// </summary>
internal sealed class RecordLines
{
    /// <summary>A buffer that a burst made larger than this is not kept.</summary>
    private const int MostKept = 1 << 20;

    private readonly List<RecordLine> _lines = [];
    private byte[] _text = new byte[64 << 10];
    private int _length;

    /// <summary>What every line begins with; what follows is the record's own JSON and <see cref="Tail"/>.</summary>
    public static ReadOnlySpan<byte> Lead => "{\"request\":"u8;

    public static ReadOnlySpan<byte> Tail => "}\n"u8;

    public int Count => _lines.Count;

    public IReadOnlyList<RecordLine> Lines => _lines;

    /// <summary>The lines from one to another, as one text.</summary>
    public ReadOnlySpan<byte> Text(int count) => _text.AsSpan(0, count == 0 ? 0 : _lines[count - 1].End);

    public void Add(ReadOnlySpan<byte> record, AuditResult result, string? apiKey, DateTimeOffset at)
    {
        var end = _length + Lead.Length + record.Length + Tail.Length;
        if (end > _text.Length)
        {
            Array.Resize(ref _text, Math.Max(end, _text.Length * 2));
        }

        Lead.CopyTo(_text.AsSpan(_length));
        record.CopyTo(_text.AsSpan(_length + Lead.Length));
        Tail.CopyTo(_text.AsSpan(end - Tail.Length));
        _length = end;
        _lines.Add(new RecordLine(end, result, apiKey, at));
    }

    public void Clear()
    {
        _lines.Clear();
        _length = 0;
        if (_text.Length > MostKept)
        {
            _text = new byte[64 << 10];
        }
    }
}
