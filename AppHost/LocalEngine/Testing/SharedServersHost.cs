using System.Net.Sockets;
using System.Text.Json;
using Aspire.Hosting.Testing;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Testing;

/// <summary>Where the servers of one test run are; sent as one line of JSON to everyone who takes a lease.</summary>
internal sealed record SharedServersAddresses
{
    public string Postgres { get; init; } = "";

    public string Redis { get; init; } = "";

    public string Messaging { get; init; } = "";

    public string MessagingManagement { get; init; } = "";

    public string Mail { get; init; } = "";

    public string Mails { get; init; } = "";

    /// <summary>Set when the servers did not start.</summary>
    public string? Error { get; init; }
}

/// <summary>
/// <c>AppHost --test-servers=FOLDER</c>: the model's servers for all test processes of a run. Each holds a connection to a
/// Unix socket as its lease, which the kernel closes when the process ends, however it ends; some seconds after the last
/// lease the host ends too.
/// </summary>
internal sealed class SharedServersHost(DistributedApplication application, string folder, TimeProvider time)
{
    public const string Argument = "test-servers";
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static IDisposable? _life;
    private readonly TaskCompletionSource<SharedServersAddresses> _addresses = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _leases;
    private long _idleSince = time.GetTimestamp();

    public static string SocketIn(string folder) => Path.Combine(folder, "lease.sock");

    public static string LockIn(string folder) => Path.Combine(folder, "lock");

    /// <summary>Held from a host's start until its process has ended, its data removed: the next one begins after that.</summary>
    public static string LifeIn(string folder) => Path.Combine(folder, "life");

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        _life = FileLock.TryTake(LifeIn(folder)) // never given back: the data goes after this method
            ?? throw new EngineFault(ExitCodes.AlreadyRunning, $"Another host of test servers runs in {folder}.");
        var path = SocketIn(folder);
        File.Delete(path);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(64);
        var accepting = AcceptAsync(listener, cancellationToken);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StartLimit);
            await application.StartAsync(limit.Token);
            await application.WaitAllHealthyAsync(limit.Token);
            _addresses.SetResult(await AddressesAsync(limit.Token));
        }
        catch (Exception e) when (e is EngineFault or OperationCanceledException)
        {
            _addresses.SetResult(new SharedServersAddresses { Error = e.Message });
        }

        await EndWhenIdleAsync(path, cancellationToken);
        listener.Dispose();
        await accepting;
        return ExitCodes.Success;
    }

    private async Task AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _ = LeaseAsync(await listener.AcceptAsync(cancellationToken));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // the host ends
        }
    }

    private async Task LeaseAsync(Socket client)
    {
        Count(+1);
        try
        {
            using (client)
            {
                var addresses = await _addresses.Task;
                byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(addresses), (byte)'\n'];
                await client.SendAsync(line);
                await client.ReceiveAsync(new byte[1]); // returns when the other side is gone
            }
        }
        catch (SocketException)
        {
            // gone as well
        }
        finally
        {
            Count(-1);
        }
    }

    private void Count(int change)
    {
        lock (_gate)
        {
            _leases += change;
            _idleSince = time.GetTimestamp();
        }
    }

    private bool IsIdle()
    {
        lock (_gate)
        {
            return _leases == 0 && time.GetElapsedTime(_idleSince) > Linger;
        }
    }

    // Clients connect under the lock. Whoever holds it while nobody is connected can take the socket away unnoticed.
    private async Task EndWhenIdleAsync(string socket, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), time, CancellationToken.None);
            if (IsIdle() && FileLock.TryTake(LockIn(folder)) is { } held)
            {
                using (held)
                {
                    if (IsIdle())
                    {
                        File.Delete(socket);
                        return;
                    }
                }
            }
        }
    }

    private async Task<SharedServersAddresses> AddressesAsync(CancellationToken cancellationToken) => new()
    {
        Postgres = (await application.GetConnectionStringAsync("postgres", cancellationToken))!,
        Redis = (await application.GetConnectionStringAsync("redis", cancellationToken))!,
        Messaging = (await application.GetConnectionStringAsync("messaging", cancellationToken))!,
        MessagingManagement = application.Engine.Broker?.ManagementUrl ?? "",
        Mail = (await application.GetConnectionStringAsync("mail", cancellationToken))!,
        Mails = application.GetEndpoint("mail", "http").ToString(),
    };
}
