using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Delivery.Battery;

/// <summary>
/// A TCP relay between a sender and its broker. It can hold the broker's answers back, lose what the sender sends, and
/// break every connection.
/// </summary>
internal sealed class BrokerLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly Uri _broker;
    private readonly Task _accepting;
    private volatile bool _loses;
    private volatile TaskCompletionSource? _held;
    private long _sent;

    public BrokerLink(string broker)
    {
        _broker = new Uri(broker);
        _listener.Start();
        Address = new UriBuilder(_broker) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri.AbsoluteUri;
        _accepting = AcceptAsync();
    }

    /// <summary>The broker's address by way of this link.</summary>
    public string Address { get; }

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
    public void Mend()
    {
        _loses = false;
        _held?.TrySetResult();
        _held = null;
    }

    /// <summary>Resets every connection.</summary>
    public void Cut()
    {
        while (_open.TryTake(out var socket))
        {
            socket.Close(0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Mend();
        Cut();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var near = await _listener.AcceptSocketAsync(_stop.Token);
                near.NoDelay = true;
                _ = ConnectAsync(near);
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The next one is accepted, or the link is over.
            }
        }
    }

    private async Task ConnectAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _open.Add(near);
        _open.Add(far);
        try
        {
            await far.ConnectAsync(_broker.Host, _broker.Port, _stop.Token);
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            near.Close(0); // the broker is away
            return;
        }

        await Task.WhenAll(RelayAsync(near, far, toBroker: true), RelayAsync(far, near, toBroker: false));
    }

    private async Task RelayAsync(Socket from, Socket to, bool toBroker)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            for (int count; (count = await from.ReceiveAsync(buffer)) > 0;)
            {
                if (toBroker)
                {
                    Interlocked.Add(ref _sent, count);
                }
                else if (_held is { } held)
                {
                    await held.Task;
                }

                if (!toBroker || !_loses)
                {
                    await to.SendAsync(buffer.AsMemory(0, count));
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Cut, or closed by one side; the other side goes too.
        }

        from.Close();
        to.Close();
    }
}
