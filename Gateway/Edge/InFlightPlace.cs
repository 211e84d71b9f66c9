namespace Gateway.Edge;

/// <summary>What one request takes of the bounds, as long as it is under way.</summary>
internal sealed class InFlightPlace(InFlight inFlight, GatewayMetrics metrics, bool stream)
{
    public bool IsStream { get; private set; } = stream;

    /// <summary>Set when there was no room for the stream that the answer turned out to be.</summary>
    public bool IsRefused { get; private set; }

    public bool TryBecomeStream()
    {
        if (IsStream)
        {
            return true;
        }

        if (!inFlight.TryEnter(stream: true))
        {
            IsRefused = true;
            return false;
        }

        inFlight.Leave(stream: false);
        IsStream = true;
        return true;
    }

    public void Leave()
    {
        inFlight.Leave(IsStream);
        if (IsRefused)
        {
            metrics.Shed("stream");
        }
    }
}
