using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>A TCP connection to a real server that a test can cut and mend, for one gateway alone.</summary>
internal sealed class Cable : IDisposable
{
    private readonly ConcurrentDictionary<TcpClient, bool> _ends = [];
    private readonly string _host;
    private readonly int _port;
    private TcpListener? _listener;

    public Cable(string host, int port)
    {
        (_host, _port) = (host, port);
        Mend();
    }

    public int Port { get; private set; }

    public void Mend()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener);
    }

    public void Cut()
    {
        _listener?.Dispose();
        _listener = null;
        foreach (var end in _ends.Keys)
        {
            end.Dispose();
        }

        _ends.Clear();
    }

    public void Dispose() => Cut();

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                _ = JoinAsync(await listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // cut
        }
    }

    private async Task JoinAsync(TcpClient near)
    {
        using TcpClient far = new();
        _ends[near] = _ends[far] = true;
        try
        {
            await far.ConnectAsync(_host, _port);
            await using var left = near.GetStream();
            await using var right = far.GetStream();
            await Task.WhenAny(left.CopyToAsync(right), right.CopyToAsync(left));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // cut
        }
        finally
        {
            near.Dispose();
            _ends.TryRemove(near, out _);
            _ends.TryRemove(far, out _);
        }
    }
}
