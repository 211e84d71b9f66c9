using System.Collections.Concurrent;

namespace AuditService.Evidence;

/// <summary>What is wrong with the evidence, by where it was noticed. While anything is, nothing is recorded.</summary>
internal sealed class EvidenceState
{
    private readonly ConcurrentDictionary<string, string> _faults = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private (Checkpoint Head, string? Note)? _known;

    /// <summary>Why recording stands still; empty when it does not.</summary>
    public IReadOnlyDictionary<string, string> Faults => _faults;

    public bool IsSound => _faults.IsEmpty;

    /// <summary>The largest head that this process has made or checked. The tree must never be smaller or another.</summary>
    public Checkpoint? Known
    {
        get
        {
            lock (_lock)
            {
                return _known?.Head;
            }
        }
    }

    /// <summary>Its signed note; null when it was published before this process began.</summary>
    public string? KnownNote
    {
        get
        {
            lock (_lock)
            {
                return _known?.Note;
            }
        }
    }

    public void Learn(Checkpoint head, string? note)
    {
        lock (_lock)
        {
            _known = _known is { } known && known.Head.Size >= head.Size ? known : (head, note);
        }
    }

    /// <summary>Gives back whether that is news.</summary>
    public bool Report(string where, string fault)
    {
        var isNew = !_faults.TryGetValue(where, out var former) || former != fault;
        _faults[where] = fault;
        return isNew;
    }

    /// <summary>Gives back whether there was a fault.</summary>
    public bool Clear(string where) => _faults.TryRemove(where, out _);
}

/// <summary>The tree in the database is not the one that was signed.</summary>
internal sealed class BrokenTreeException(string message) : Exception(message);
