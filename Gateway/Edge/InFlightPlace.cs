namespace Gateway.Edge;

/// <summary>What one request takes of the bounds, as long as it is under way.</summary>
internal sealed class InFlightPlace(InFlight inFlight, GatewayMetrics metrics, bool stream)
{
    private InFlight.ServiceRequests? _service;

    public bool IsStream { get; private set; } = stream;

    /// <summary>Set when there was no room for the stream that the answer turned out to be.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Takes one of the service's places; false when there is none. A stream needs none.</summary>
    public bool TryEnter(string service)
    {
        if (IsStream)
        {
            return true;
        }

        _service = inFlight.TryEnter(service);
        if (_service is null)
        {
            metrics.Shed("service");
        }

        return _service is not null;
    }

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
        LeaveService();
        IsStream = true;
        return true;
    }

    public void Leave()
    {
        inFlight.Leave(IsStream);
        LeaveService();
        if (IsRefused)
        {
            metrics.Shed("stream");
        }
    }

    private void LeaveService()
    {
        _service?.Leave();
        _service = null;
    }
}
