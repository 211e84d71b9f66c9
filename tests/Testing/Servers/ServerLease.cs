using System.Net.Sockets;
using System.Text.Json;
using Platform.LocalEngine.Testing;

namespace Platform.Testing.Servers;

/// <summary>This process's part in the shared servers: while it is open they run.</summary>
internal sealed class ServerLease : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6); // a first start may install the servers
    private readonly Socket _socket;

    private ServerLease(Socket socket, SharedServersAddresses addresses) => (_socket, Addresses) = (socket, addresses);

    public SharedServersAddresses Addresses { get; }

    public static async Task<ServerLease> TakeAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var folder = ServersHostProcess.Folder();
        var socket = await ConnectAsync(folder, limit.Token);
        try
        {
            using var reader = new StreamReader(new NetworkStream(socket));
            var line = await reader.ReadLineAsync(limit.Token)
                ?? throw new InvalidOperationException($"The host of the test servers ended while they started. Its output: {ServersHostProcess.OutputIn(folder)}");
            var addresses = JsonSerializer.Deserialize<SharedServersAddresses>(line)!;
            return addresses.Error is null ? new ServerLease(socket, addresses) : throw new InvalidOperationException(addresses.Error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _socket.Dispose();

    // Under the lock, so that one process starts the host and none connects to a host about to end.
    private static async Task<Socket> ConnectAsync(string folder, CancellationToken cancellationToken)
    {
        using var held = await TakeLockAsync(folder, cancellationToken);
        if (await TryConnectAsync(folder) is { } running)
        {
            return running;
        }

        using var host = await ServersHostProcess.StartAsync(folder, cancellationToken);
        return await Eventually.GetAsync(() => TryConnectAsync(folder), cancellationToken);
    }

    private static Task<IDisposable> TakeLockAsync(string folder, CancellationToken cancellationToken) =>
        Eventually.GetAsync(() => Task.FromResult(FileLock.TryTake(SharedServersHost.LockIn(folder))), cancellationToken);

    private static async Task<Socket?> TryConnectAsync(string folder)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SharedServersHost.SocketIn(folder)));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
