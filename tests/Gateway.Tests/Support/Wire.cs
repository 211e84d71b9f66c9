using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A service that answers bytes, right or wrong, and counts what it was asked.</summary>
internal sealed class Wire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<NetworkStream, Task> _answer;

    public Wire(Func<NetworkStream, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>First lines of what arrived, probes aside.</summary>
    public ConcurrentQueue<string> Arrivals { get; } = [];

    public static Wire Answering(string bytes) => new(stream => stream.WriteAsync(Encoding.Latin1.GetBytes(bytes)).AsTask());

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // over
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var closed = client;
        try
        {
            await using var stream = client.GetStream();
            var buffer = new byte[64 * 1024];
            var read = await stream.ReadAsync(buffer);
            var line = Encoding.Latin1.GetString(buffer, 0, read).Split("\r\n")[0];
            if (line.StartsWith("GET / ", StringComparison.Ordinal))
            {
                await stream.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                return;
            }

            Arrivals.Enqueue(line);
            await _answer(stream);
        }
        catch (IOException)
        {
            // the gateway has gone
        }
    }
}
