using System.Net;
using Platform.Testing;

namespace Delivery.Battery;

/// <summary>The way from a sender to its broker. It can hold the broker's answers back and lose what the sender sends.</summary>
public sealed class BrokerLink(Uri broker) : CuttableLink(broker.Host, broker.Port)
{
    private volatile bool _loses;
    private volatile TaskCompletionSource? _held;
    private long _sent;

    /// <summary>The broker's address by way of this link.</summary>
    public string Address => new UriBuilder(broker) { Host = IPAddress.Loopback.ToString(), Port = Port }.Uri.AbsoluteUri;

    /// <summary>Octets that the sender sent since it was last told to hold or lose.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>The broker gets what is sent, and the sender never hears of it.</summary>
    public void HoldAnswers()
    {
        Interlocked.Exchange(ref _sent, 0);
        _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What is sent from now on is lost on its way.</summary>
    public void Lose()
    {
        Interlocked.Exchange(ref _sent, 0);
        _loses = true;
    }

    /// <summary>As before.</summary>
    public override void Mend()
    {
        base.Mend();
        _loses = false;
        _held?.TrySetResult();
        _held = null;
    }

    protected override async ValueTask<bool> PassesAsync(bool toServer, int octets)
    {
        if (toServer)
        {
            Interlocked.Add(ref _sent, octets);
            return !_loses;
        }

        if (_held is { } held)
        {
            await held.Task;
        }

        return true;
    }
}
