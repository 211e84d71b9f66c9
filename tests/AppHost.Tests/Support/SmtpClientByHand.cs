using System.Net;
using System.Net.Sockets;
using System.Text;
using Platform.LocalEngine.Mail;

namespace AppHost.Tests.Support;

/// <summary>A catcher and a client that sends exactly the bytes it is told to.</summary>
internal sealed class SmtpClientByHand : IDisposable
{
    private readonly SmtpCatcher _catcher;
    private readonly TcpClient _client = new();
    private readonly StreamReader _reader;

    private SmtpClientByHand(SmtpCatcher catcher, Mailbox mailbox)
    {
        (_catcher, Mailbox) = (catcher, mailbox);
        _client.Connect(IPAddress.Loopback, catcher.Port);
        _reader = new StreamReader(_client.GetStream(), Encoding.Latin1);
    }

    public Mailbox Mailbox { get; }

    public static async Task<SmtpClientByHand> ConnectAsync()
    {
        var mailbox = new Mailbox();
        var client = new SmtpClientByHand(new SmtpCatcher(0, mailbox, TimeProvider.System), mailbox);
        Assert.StartsWith("220 ", await client.ReadAsync(), StringComparison.Ordinal);
        return client;
    }

    /// <summary>Sends a line, returns the last line of the answer.</summary>
    public async Task<string> SayAsync(string line)
    {
        await SendAsync(line + "\r\n");
        return await ReadAsync();
    }

    public async Task SendAsync(string text) => await _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task<string> ReadAsync()
    {
        while (true)
        {
            var line = await _reader.ReadLineAsync(SampleModel.Deadline()) ?? "";
            if (line.Length < 4 || line[3] != '-')
            {
                return line;
            }
        }
    }

    /// <summary>Greets and sends one mail.</summary>
    public async Task<string> SendMailAsync(string content)
    {
        await SayAsync("EHLO test");
        await SayAsync("MAIL FROM:<from@example.com>");
        await SayAsync("RCPT TO:<to@example.com>");
        Assert.StartsWith("354", await SayAsync("DATA"), StringComparison.Ordinal);
        return await SayAsync(content + "\r\n.");
    }

    public void Dispose()
    {
        _client.Dispose();
        _catcher.RequestStop();
    }
}
