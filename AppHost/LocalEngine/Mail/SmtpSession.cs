using System.Globalization;
using System.Text;

namespace Platform.LocalEngine.Mail;

/// <summary>One client's conversation.</summary>
internal sealed class SmtpSession(Stream stream, Mailbox mailbox, TimeProvider time)
{
    public const int LargestMessage = 10 * 1024 * 1024;
    private const int MostRecipients = 100; // RFC 5321 4.5.3.1.8
    private const int MostFaults = 20;
    private readonly SmtpLineReader _reader = new(stream);
    private readonly List<string> _recipients = [];
    private string? _sender;
    private bool _greeted;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await ReplyAsync("220 localhost mail catcher", cancellationToken);
        var faults = 0;
        while (await _reader.ReadCommandAsync(cancellationToken) is { } line)
        {
            var (verb, argument) = Split(line);
            if (verb == "QUIT")
            {
                await ReplyAsync("221 bye", cancellationToken);
                return;
            }

            var reply = line.Length == 0 && _reader.WasTooLong ? "500 line too long" : await AnswerAsync(verb, argument, cancellationToken);
            await ReplyAsync(reply, cancellationToken);
            if (reply[0] == '5' && ++faults == MostFaults)
            {
                await ReplyAsync("421 too many errors", cancellationToken);
                return;
            }
        }
    }

    private async Task<string> AnswerAsync(string verb, string argument, CancellationToken cancellationToken) => verb switch
    {
        "EHLO" => Greet($"250-localhost\r\n250-SIZE {LargestMessage.ToString(CultureInfo.InvariantCulture)}\r\n250-8BITMIME\r\n250 SMTPUTF8"),
        "HELO" => Greet("250 localhost"),
        "NOOP" => "250 ok",
        "RSET" => Reset(),
        "VRFY" => "252 cannot verify, will accept",
        "MAIL" or "RCPT" or "DATA" when !_greeted => "503 say EHLO first",
        "MAIL" => Mail(argument),
        "RCPT" => Recipient(argument),
        "DATA" => await DataAsync(cancellationToken),
        _ => "502 command not implemented",
    };

    private string Greet(string reply)
    {
        Reset();
        _greeted = true;
        return reply;
    }

    private string Reset()
    {
        _sender = null;
        _recipients.Clear();
        return "250 ok";
    }

    private string Mail(string argument)
    {
        if (_sender is not null)
        {
            return "503 a mail is under way";
        }

        if (Path(argument, "FROM:", out var parameters) is not { } sender)
        {
            return "501 MAIL FROM:<address>";
        }

        foreach (var parameter in parameters)
        {
            if (parameter.StartsWith("SIZE=", StringComparison.OrdinalIgnoreCase)
                && (!long.TryParse(parameter.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size > LargestMessage))
            {
                return "552 message too large"; // RFC 1870: refused before it is sent
            }
        }

        _sender = sender;
        return "250 ok";
    }

    private string Recipient(string argument)
    {
        if (_sender is null)
        {
            return "503 MAIL first";
        }

        if (_recipients.Count == MostRecipients)
        {
            return "452 too many recipients";
        }

        if (Path(argument, "TO:", out _) is not { Length: > 0 } recipient)
        {
            return "501 RCPT TO:<address>";
        }

        _recipients.Add(recipient);
        return "250 ok";
    }

    private async Task<string> DataAsync(CancellationToken cancellationToken)
    {
        if (_recipients.Count == 0)
        {
            return "503 RCPT first";
        }

        await ReplyAsync("354 end with <CRLF>.<CRLF>", cancellationToken);
        var message = await _reader.ReadMessageAsync(LargestMessage, cancellationToken);
        if (message is null)
        {
            Reset();
            return "552 message too large";
        }

        mailbox.Add(MailParser.Parse(message, _sender!, [.. _recipients], time));
        Reset();
        return "250 kept";
    }

    // <address> with parameters behind it; a source route (RFC 5321 appendix C) is dropped
    private static string? Path(string argument, string keyword, out string[] parameters)
    {
        parameters = [];
        var rest = argument.StartsWith(keyword, StringComparison.OrdinalIgnoreCase) ? argument[keyword.Length..].Trim() : "";
        var close = rest.IndexOf('>', StringComparison.Ordinal);
        if (!rest.StartsWith('<') || close < 0)
        {
            return null;
        }

        parameters = rest[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var address = rest[1..close];
        return address.Any(c => char.IsControl(c) || c is ' ' or '<') ? null : address[(address.LastIndexOf(':') + 1)..];
    }

    private static (string Verb, string Argument) Split(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (line.Trim().ToUpperInvariant(), "") : (line[..space].ToUpperInvariant(), line[(space + 1)..].Trim());
    }

    private async Task ReplyAsync(string reply, CancellationToken cancellationToken) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(reply + "\r\n"), cancellationToken);
}
