using System.Net;
using System.Net.Sockets;

namespace Platform.LocalEngine.Running;

/// <summary>
/// Ports for everything that has no fixed one. Taken below the range from which the kernel picks ports for outgoing
/// connections (32768 and up on Linux, 49152 on macOS), so that none is lost between the check and the server's start;
/// what is lost to another program all the same is noticed when the server fails, and replaced.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 32_000;
    private static readonly HashSet<int> Handed = [];

    public static int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = Random.Shared.Next(First, Last);
            lock (Handed)
            {
                if (Handed.Contains(port) || !IsFree(port))
                {
                    continue;
                }

                Handed.Add(port);
                return port;
            }
        }

        throw new EngineFault(ExitCodes.PortInUse, $"No free port between {First} and {Last} on the loopback address.");
    }

    public static bool IsFree(int port) =>
        IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port));

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return true; // no such address on this machine: nobody else can hold it either
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
