namespace AuditService.Evidence.Verifying;

/// <summary>
/// Goes over the log line by line, in memory that does not grow with it, and says what does not fit: records to their
/// leaves, leaves to the roots of checkpoints. The same for the service's own check and for the one without a service.
/// </summary>
/// <param name="start">The tree before the first line.</param>
/// <param name="checkpoints">Whose signatures were checked, or are not to be.</param>
internal sealed class LogCheck(MerkleFrontier start, IEnumerable<Checkpoint> checkpoints)
{
    private const int MostFaults = 1000;

    private readonly Queue<Checkpoint> _ahead = new(checkpoints.Where(one => one.Size >= start.Size).OrderBy(one => one.Size));
    private readonly List<LogLine> _misfits = [];
    private readonly List<LogLine> _gaps = [];
    private readonly List<LogLine> _extras = [];
    private readonly List<LogFault> _faults = [];
    private MerkleFrontier _tree = start;
    private long _good = start.Size;
    private bool _isTreeLost;

    /// <summary>Leaves gone over, with those before the first line.</summary>
    public long Size => _tree.Size;

    /// <summary>The tree's complete subtrees after the last line.</summary>
    public IReadOnlyList<byte[]> Subtrees => _tree.Subtrees;

    /// <summary>Checkpoints whose root is that of the lines.</summary>
    public int Confirmed { get; private set; }

    /// <summary>Checkpoints of trees larger than the lines.</summary>
    public IReadOnlyCollection<Checkpoint> Beyond => _ahead;

    public void Add(LogLine line)
    {
        Compare();
        if (line.Index < _tree.Size)
        {
            Keep(_extras, line);
            return;
        }

        if (line.Index > _tree.Size)
        {
            Report(LogFault.Removed, _tree.Size, line.Index, null, "there is no line for it");
            _isTreeLost = true;
            _tree = new MerkleFrontier(line.Index, Enumerable.Repeat(MerkleHash.Empty(), (int)long.PopCount(line.Index)));
        }

        if (line.Hash is null && line.Absent is Absence.None or Absence.Missing)
        {
            Keep(_gaps, line);
        }
        else if (line.Hash is not null && line.Leaf is not null && !line.Hash.AsSpan().SequenceEqual(line.Leaf))
        {
            Keep(_misfits, line);
        }

        _isTreeLost |= line.Leaf is null && line.Hash is null;
        _tree.Append(line.Leaf ?? line.Hash ?? MerkleHash.Empty());
    }

    /// <summary>Everything that was found.</summary>
    /// <param name="at">When the lines were read: a larger checkpoint of before that shows that the end is missing.</param>
    public IReadOnlyList<LogFault> Finish(DateTimeOffset at)
    {
        Compare();
        if (_ahead.Where(one => one.At <= at).MaxBy(one => one.Size) is { } larger)
        {
            Report(LogFault.Removed, Size, larger.Size, null, $"a checkpoint of {larger.Size} leaves is older than this log of {Size}");
        }

        // A record that stands where another one's leaf is has been moved there; any other was changed.
        foreach (var (line, kind) in _misfits.Select(line => (line, LogFault.Altered)).Concat(_extras.Select(line => (line, LogFault.Added))))
        {
            var home = _misfits.Concat(_gaps).FirstOrDefault(other =>
                other.Index != line.Index && other.Leaf is not null && line.Hash is not null && other.Leaf.AsSpan().SequenceEqual(line.Hash));
            if (home.Leaf is not null)
            {
                Report(LogFault.Reordered, line.Index, line.Index + 1, line.Record, $"its leaf is number {home.Index}");
                continue;
            }

            Report(kind, line.Index, line.Index + 1, line.Record, kind == LogFault.Added
                ? "there is another record for this leaf"
                : "it does not hash to its leaf");
        }

        foreach (var gap in _gaps)
        {
            Report(LogFault.Removed, gap.Index, gap.Index + 1, null, "its leaf is there, the record is not");
        }

        return _faults;
    }

    private void Compare()
    {
        while (_ahead.TryPeek(out var next) && next.Size == _tree.Size)
        {
            _ahead.Dequeue();
            if (_isTreeLost)
            {
                continue;
            }

            if (_tree.Root().AsSpan().SequenceEqual(next.Root))
            {
                Confirmed++;
                _good = next.Size;
                continue;
            }

            Report(LogFault.Rewritten, _good, next.Size, null, "the leaves are not those that the checkpoint was signed for");
            _isTreeLost = true; // all that come after differ too, whatever they have
        }
    }

    private void Report(string kind, long from, long to, Guid? record, string text)
    {
        if (_faults.Count < MostFaults)
        {
            _faults.Add(new LogFault(kind, from, to, record, text));
        }
    }

    private static void Keep(List<LogLine> lines, LogLine line)
    {
        if (lines.Count < MostFaults)
        {
            lines.Add(line);
        }
    }
}
