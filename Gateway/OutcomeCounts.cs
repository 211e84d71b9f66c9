using System.Diagnostics.Metrics;

namespace Gateway;

/// <summary>
/// Counts by outcome that cost a request one interlocked addition: the meter asks for them when it is read, instead of
/// being told each time.
/// </summary>
internal sealed class OutcomeCounts(params string[] outcomes)
{
    private readonly long[] _counts = new long[outcomes.Length];

    /// <exception cref="ArgumentException">The outcome is not one of those given.</exception>
    public void Add(string outcome)
    {
        for (var index = 0; index < outcomes.Length; index++)
        {
            // Literals are one object, so the first comparison usually decides.
            if (ReferenceEquals(outcomes[index], outcome) || outcomes[index] == outcome)
            {
                Interlocked.Increment(ref _counts[index]);
                return;
            }
        }

        throw new ArgumentException($"There is no outcome '{outcome}'.", nameof(outcome));
    }

    public IEnumerable<Measurement<long>> Read()
    {
        for (var index = 0; index < outcomes.Length; index++)
        {
            yield return new Measurement<long>(Interlocked.Read(ref _counts[index]), new KeyValuePair<string, object?>("outcome", outcomes[index]));
        }
    }
}
