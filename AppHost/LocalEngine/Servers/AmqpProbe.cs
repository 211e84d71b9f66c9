using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Platform.LocalEngine.Servers;

/// <summary>
/// Signs in by AMQP 0-9-1 and opens the default virtual host, which is as far as "ready" can be asked for from outside.
/// Section numbers are those of the AMQP 0-9-1 specification.
/// </summary>
internal static class AmqpProbe
{
    private const ushort Connection = 10;

    /// <returns>Null when the broker let us in.</returns>
    public static async Task<string?> ConnectAsync(int port, string user, string password, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), cancellationToken); // 4.2.2
            await ExpectAsync(stream, 10, cancellationToken); // start
            await SendAsync(stream, 11, [0, 0, 0, 0, .. Short("PLAIN"), .. Long($"\0{user}\0{password}"), .. Short("en_US")], cancellationToken);
            var tune = await ExpectAsync(stream, 30, cancellationToken);
            await SendAsync(stream, 31, tune, cancellationToken);
            await SendAsync(stream, 40, [.. Short("/"), 0, 0], cancellationToken); // open
            await ExpectAsync(stream, 41, cancellationToken);
            await SendAsync(stream, 50, [0, 200, .. Short("bye"), 0, 0, 0, 0], cancellationToken); // close, so that the broker logs no fault
            await ExpectAsync(stream, 51, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return e.Message;
        }
    }

    private static async Task SendAsync(NetworkStream stream, ushort method, byte[] arguments, CancellationToken cancellationToken)
    {
        // 4.2.3: type, channel, size, payload, end octet; 4.2.4: class and method before the arguments
        var frame = new byte[7 + 4 + arguments.Length + 1];
        frame[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), 4 + arguments.Length);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(7), Connection);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(9), method);
        arguments.CopyTo(frame, 11);
        frame[^1] = 0xCE;
        await stream.WriteAsync(frame, cancellationToken);
    }

    private static async Task<byte[]> ExpectAsync(NetworkStream stream, ushort method, CancellationToken cancellationToken)
    {
        var head = new byte[7];
        await stream.ReadExactlyAsync(head, cancellationToken);
        var size = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(3));
        if (head[0] != 1 || size is < 4 or > 128 * 1024)
        {
            throw new IOException("What listens there does not speak AMQP 0-9-1.");
        }

        var payload = new byte[size + 1];
        await stream.ReadExactlyAsync(payload, cancellationToken);
        var answered = BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(2));
        return answered == method ? payload[4..^1] : throw new IOException($"The broker answers with method 10.{answered} instead of 10.{method}.");
    }

    private static byte[] Short(string text) => [(byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Long(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var sized = new byte[4 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(sized, bytes.Length);
        bytes.CopyTo(sized, 4);
        return sized;
    }
}
