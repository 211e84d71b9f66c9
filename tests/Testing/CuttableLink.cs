using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Platform.Testing;

/// <summary>A TCP relay to a real server: cut, the server is gone for those behind it; mended, it is back.</summary>
public class CuttableLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, bool> _open = [];
    private readonly string _host;
    private readonly int _port;
    private readonly Task _accepting;
    private volatile bool _cut;

    public CuttableLink(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Resets every connection and refuses new ones.</summary>
    public void Cut()
    {
        _cut = true;
        Reset();
    }

    public virtual void Mend() => _cut = false;

    /// <summary>Resets every connection; new ones are taken.</summary>
    public void Reset()
    {
        foreach (var socket in _open.Keys)
        {
            Close(socket, reset: true);
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
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether some octets go on to the other side; what waits here holds its direction up.</summary>
    protected virtual ValueTask<bool> PassesAsync(bool toServer, int octets) => new(true);

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var near = await _listener.AcceptSocketAsync(_stop.Token);
                _open[near] = true;
                _ = JoinAsync(near);
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The next one is accepted, or the link is over.
            }
        }
    }

    private async Task JoinAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _open[far] = near.NoDelay = true;
        try
        {
            await far.ConnectAsync(_host, _port, _stop.Token);
            if (!_cut)
            {
                await Task.WhenAll(RelayAsync(near, far, toServer: true), RelayAsync(far, near, toServer: false));
            }
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server is away, or it was cut meanwhile.
        }

        Close(near, reset: _cut);
        Close(far, reset: _cut);
    }

    private async Task RelayAsync(Socket from, Socket to, bool toServer)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            for (int count; (count = await from.ReceiveAsync(buffer)) > 0;)
            {
                if (await PassesAsync(toServer, count))
                {
                    await to.SendAsync(buffer.AsMemory(0, count));
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Cut, or closed by one side; the other side goes too.
        }

        Close(from, reset: false);
        Close(to, reset: false);
    }

    private void Close(Socket socket, bool reset)
    {
        if (_open.TryRemove(socket, out _))
        {
            if (reset)
            {
                socket.Close(0);
            }
            else
            {
                socket.Close();
            }
        }
    }
}
