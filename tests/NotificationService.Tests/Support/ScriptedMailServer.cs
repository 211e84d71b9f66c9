using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NotificationService.Tests.Support;

/// <summary>What the mail server does with one session.</summary>
public enum MailServerMood
{
    Takes,

    /// <summary>550 to the recipient.</summary>
    RefusesRecipient,

    /// <summary>451 to the recipient.</summary>
    IsBusy,

    /// <summary>530 to the sender: it wants a sign-in.</summary>
    WantsSignIn,

    /// <summary>554 after the whole mail.</summary>
    RefusesContent,

    /// <summary>Never answers the end of the mail, which it has got.</summary>
    FallsSilent,
}

/// <summary>An SMTP server (RFC 5321) that behaves as badly as a test wants it to.</summary>
internal sealed class ScriptedMailServer : IDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private int _sessions;

    public ScriptedMailServer(Func<int, MailServerMood> mood, int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Mood = mood;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>By the number of the session, from 1.</summary>
    public Func<int, MailServerMood> Mood { get; set; }

    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Mails that were sent whole, answered or not.</summary>
    public ConcurrentQueue<string> Mails { get; } = new();

    public (string Key, string Value) Setting => ("ConnectionStrings:mail", $"Endpoint=smtp://127.0.0.1:{Port}");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static string MessageIdOf(string mail) =>
        mail.Split("\r\n").First(line => line.StartsWith("Message-ID:", StringComparison.OrdinalIgnoreCase));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = ServeAsync(client, Mood(Interlocked.Increment(ref _sessions)));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client, MailServerMood mood)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
                await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
                await writer.WriteLineAsync("220 test ESMTP");
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    await AnswerAsync(line, mood, reader, writer);
                }
            }
            catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client left.
            }
        }
    }

    private async Task AnswerAsync(string line, MailServerMood mood, StreamReader reader, StreamWriter writer)
    {
        var verb = line.Split(' ', ':')[0].ToUpperInvariant();
        switch (verb, mood)
        {
            case ("MAIL", MailServerMood.WantsSignIn):
                await writer.WriteLineAsync("530 5.7.0 Authentication required");
                break;
            case ("RCPT", MailServerMood.RefusesRecipient):
                await writer.WriteLineAsync("550 5.1.1 No such mailbox here");
                break;
            case ("RCPT", MailServerMood.IsBusy):
                await writer.WriteLineAsync("451 4.3.0 Try again later");
                break;
            case ("DATA", _):
                await writer.WriteLineAsync("354 Go on");
                await TakeAsync(mood, reader, writer);
                break;
            default:
                await writer.WriteLineAsync(verb == "QUIT" ? "221 Bye" : "250 OK");
                break;
        }
    }

    private async Task TakeAsync(MailServerMood mood, StreamReader reader, StreamWriter writer)
    {
        var mail = new StringBuilder();
        while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".")
        {
            mail.Append(line).Append("\r\n");
        }

        Mails.Enqueue(mail.ToString());
        if (mood == MailServerMood.FallsSilent)
        {
            await Hanging.UntilAsync(_stop.Token);
        }

        await writer.WriteLineAsync(mood == MailServerMood.RefusesContent ? "554 5.7.1 Looks like spam" : "250 OK");
    }
}
