namespace Gateway.Revocation;

/// <summary>
/// Up to which position in the identity service's list of revocations everything is applied here. The stream is in
/// order, so an entry read from it stands for all before it; from the bus they come in any order, and only those count
/// that join on without a gap.
/// </summary>
internal sealed class AppliedSequence
{
    // Beyond this the gap is old and the stream will close it; the set must not grow while Redis is away.
    private const int MostAhead = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<long> _ahead = [];
    private long _applied;
    private string? _generation;

    public long Value
    {
        get
        {
            lock (_gate)
            {
                return _applied;
            }
        }
    }

    /// <summary>An entry of the stream was applied, and all before it.</summary>
    public void ReadInOrder(long sequence)
    {
        lock (_gate)
        {
            _applied = Math.Max(_applied, sequence);
            _ahead.RemoveWhere(one => one <= _applied);
            Join();
        }
    }

    /// <summary>One revocation was applied that came by the bus.</summary>
    public void Heard(long sequence)
    {
        lock (_gate)
        {
            if (sequence > _applied && _ahead.Count < MostAhead)
            {
                _ahead.Add(sequence);
                Join();
            }
        }
    }

    /// <summary>What is applied from now on is of that generation; in another than before, numbers may begin again.</summary>
    public void Enter(string generation)
    {
        lock (_gate)
        {
            if (_generation != generation)
            {
                _generation = generation;
                _applied = 0;
                _ahead.Clear();
            }
        }
    }

    private void Join()
    {
        while (_ahead.Remove(_applied + 1))
        {
            _applied++;
        }
    }
}
