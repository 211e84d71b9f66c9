using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Messaging;

/// <summary>
/// Starts the bus with its host and stops it before what its consumers need. MassTransit's own service leaves a bus alone
/// that still connects when the host stops: it would come up afterwards, take messages, fail each of them for want of
/// everything, and make dead letters of them.
/// </summary>
internal sealed class BusLifetime(IBusControl bus, IOptions<MassTransitHostOptions> options) : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _started = Task.CompletedTask;
    private int _stopped;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = bus.StartAsync(_stopping.Token);
        return _started.IsCompleted || options.Value.WaitUntilStarted ? _started.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A host can be told to stop and be disposed of, and both come here.
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.StopTimeout ?? Timeout.InfiniteTimeSpan);

        // A start that is cut short takes back by itself what it has connected.
        await _stopping.CancelAsync();
        await _started.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await bus.StopAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopping.Dispose();
    }
}
