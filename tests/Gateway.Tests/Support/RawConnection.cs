using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A bare socket, for what no HTTP client would send. Text is bytes: one character each (Latin-1).</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient _socket = new() { NoDelay = true };
    private Stream _stream = Stream.Null;

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        RawConnection raw = new();
        try
        {
            await raw._socket.ConnectAsync(address.Host, address.Port);
            raw._stream = raw._socket.GetStream(); // later it would throw once the other side has cut the connection
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Taken and cut before this side learned that it was taken; there is nothing to read.
        }

        return raw;
    }

    /// <summary>Sends and reads until the other side closes.</summary>
    public async Task<string> SendAsync(string request)
    {
        try
        {
            await WriteAsync(request);
        }
        catch (IOException)
        {
            // The other side has closed already; what it said before can still be read.
        }

        return await ReadToEndAsync(Patience);
    }

    public async Task WriteAsync(string bytes) => await WriteAsync(Encoding.Latin1.GetBytes(bytes));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    /// <summary>No more will be sent; what comes back can still be read.</summary>
    public void EndSending()
    {
        try
        {
            _socket.Client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // the other side has closed already
        }
    }

    /// <summary>What is there next; empty when the other side has closed or cut the connection.</summary>
    public async Task<string> ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            var read = await _stream.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            return Encoding.Latin1.GetString(buffer, 0, read);
        }
        catch (IOException)
        {
            return ""; // reset
        }
    }

    /// <summary>What comes within a time; empty when nothing does.</summary>
    public async Task<string> ReadAsync(TimeSpan within)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            using CancellationTokenSource end = new(within);
            return Encoding.Latin1.GetString(buffer, 0, await _stream.ReadAsync(buffer, end.Token));
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return "";
        }
    }

    /// <summary>Reads until the other side closes or resets.</summary>
    /// <exception cref="TimeoutException">It does neither; the message has what came.</exception>
    public async Task<string> ReadToEndAsync(TimeSpan patience)
    {
        StringBuilder all = new();
        var buffer = new byte[16 * 1024];
        using CancellationTokenSource end = new(patience);
        try
        {
            while (await _stream.ReadAsync(buffer, end.Token) is > 0 and var read)
            {
                all.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // reset
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"Still open after {patience}: {all}", late);
        }

        return all.ToString();
    }

    public void Dispose() => _socket.Dispose();
}
