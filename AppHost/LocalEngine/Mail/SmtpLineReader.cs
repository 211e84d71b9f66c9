using System.Text;

namespace Platform.LocalEngine.Mail;

/// <summary>Lines from a client that may send anything, at any speed and length.</summary>
internal sealed class SmtpLineReader(Stream stream)
{
    private const int LongestCommand = 4096; // more than RFC 5321 4.5.3.1.4 asks for
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The last command was cut for its length.</summary>
    public bool WasTooLong { get; private set; }

    /// <summary>A line without its end; empty when too long; null when the client is gone.</summary>
    public async Task<string?> ReadCommandAsync(CancellationToken cancellationToken)
    {
        var line = new MemoryStream();
        WasTooLong = false;
        while (await NextAsync(cancellationToken) is { } value)
        {
            if (value == '\n')
            {
                return WasTooLong ? "" : Encoding.UTF8.GetString(line.ToArray()).TrimEnd('\r');
            }

            WasTooLong |= line.Length >= LongestCommand;
            if (!WasTooLong)
            {
                line.WriteByte(value);
            }
        }

        return null;
    }

    /// <summary>
    /// Everything up to CRLF.CRLF with the doubled dots undone (RFC 5321 4.5.2); null if it was larger than
    /// <paramref name="limit"/>. Only CRLF.CRLF ends it: a bare LF around the dot would let one mail smuggle a second.
    /// </summary>
    public async Task<byte[]?> ReadMessageAsync(int limit, CancellationToken cancellationToken)
    {
        var message = new MemoryStream();
        var last = "\0\0\0\r\n"u8.ToArray(); // an empty mail is the dot alone
        var tooLarge = false;
        while (!last.AsSpan().SequenceEqual("\r\n.\r\n"u8))
        {
            var value = await NextAsync(cancellationToken) ?? throw new EndOfStreamException("The client left in the middle of a mail.");
            last.AsSpan(1).CopyTo(last);
            last[^1] = value;

            // What is too large is not kept, but its end has to be found, or the rest would be read as commands.
            tooLarge |= message.Length >= limit + 3;
            if (!tooLarge)
            {
                message.WriteByte(value);
            }
        }

        return tooLarge ? null : WithoutStuffing(message.GetBuffer().AsSpan(0, (int)message.Length - 3));
    }

    private static byte[] WithoutStuffing(ReadOnlySpan<byte> message)
    {
        var plain = new MemoryStream(message.Length);
        for (var i = 0; i < message.Length; i++)
        {
            var startsLine = i == 0 || (i > 1 && message[i - 1] == '\n' && message[i - 2] == '\r');
            if (!(startsLine && message[i] == '.'))
            {
                plain.WriteByte(message[i]);
            }
        }

        return plain.ToArray();
    }

    private async ValueTask<byte?> NextAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            (_start, _end) = (0, await stream.ReadAsync(_buffer, limit.Token));
        }

        return _end == 0 ? null : _buffer[_start++];
    }
}
