using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A bare socket, for what no HTTP client would send.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _socket = new();

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        RawConnection raw = new();
        await raw._socket.ConnectAsync(address.Host, address.Port);
        return raw;
    }

    /// <summary>Sends and reads until the other side closes.</summary>
    public async Task<string> SendAsync(string request)
    {
        await _socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using StreamReader reader = new(_socket.GetStream(), Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    public void Dispose() => _socket.Dispose();
}
