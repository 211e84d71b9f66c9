using System.Net;
using System.Net.Sockets;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Mail;

/// <summary>
/// A small SMTP server (RFC 5321) that keeps what it is given. Ours, because MailPit comes as a container only and no
/// mail server package restores; it relays nothing and listens on the loopback address.
/// </summary>
internal sealed class SmtpCatcher : RunningWorkload
{
    private const int MostSessions = 100;
    private readonly TcpListener _listener;
    private readonly Mailbox _mailbox;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _sessions = new(MostSessions);
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SmtpCatcher(int port, Mailbox mailbox, TimeProvider time)
    {
        _mailbox = mailbox;
        _time = time;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    public override Task<int> Exited => _exited.Task;

    public override void RequestStop()
    {
        _stop.Cancel();
        _listener.Dispose();
        _exited.TrySetResult(0);
    }

    public override void Kill() => RequestStop();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _sessions.WaitAsync(_stop.Token);
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            _exited.TrySetResult(e is SocketException ? 1 : 0);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await new SmtpSession(client.GetStream(), _mailbox, _time).RunAsync(_stop.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The client went away, or was too slow; there is nobody left to tell.
            }
            finally
            {
                _sessions.Release();
            }
        }
    }
}
