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
    private readonly Lock _lock = new();
    private Task _started = Task.CompletedTask;
    private Task? _stopped;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = bus.StartAsync(_stopping.Token);
        return _started.IsCompleted || options.Value.WaitUntilStarted ? _started.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    /// <summary>A host can be told to stop, twice even, and be disposed of: each waits for the same end.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _stopped ??= EndAsync();
        }

        return _stopped.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task EndAsync()
    {
        using CancellationTokenSource limit = new();
        limit.CancelAfter(options.Value.StopTimeout ?? Timeout.InfiniteTimeSpan);

        // A start that is cut short takes back by itself what it has connected.
        await _stopping.CancelAsync();
        await _started.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await bus.StopAsync(limit.Token);
    }
}
