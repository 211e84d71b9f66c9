namespace ServiceDefaults.Resilience;

/// <summary>
/// Each request earns a share of a retry, each retry costs one, savings are capped: over time at most
/// <c>ratio</c> of the requests plus <c>burst</c> are retries.
/// </summary>
public sealed class RetryBudget(double ratio, int burst)
{
    private readonly Lock _gate = new();
    private double _saved = burst;

    /// <summary>One request was made.</summary>
    public void Earn()
    {
        lock (_gate)
        {
            _saved = Math.Min(Math.Max(burst, 1), _saved + ratio);
        }
    }

    /// <summary>Pays for one retry; false when nothing is left.</summary>
    public bool TrySpend()
    {
        lock (_gate)
        {
            if (_saved < 1)
            {
                return false;
            }

            _saved--;
            return true;
        }
    }
}
