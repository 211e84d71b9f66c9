using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace DeviceService.Connectivity;

/// <summary>Where heartbeats wait to share a commit. Bounded: a flood is turned away, not kept.</summary>
internal sealed class HeartbeatQueue(IOptions<ConnectivityOptions> options)
{
    private readonly Channel<Heartbeat> _waiting = Channel.CreateBounded<Heartbeat>(
        new BoundedChannelOptions(options.Value.QueueCapacity) { SingleReader = true });

    /// <summary>How many wait, those being written not counted.</summary>
    public int Count => _waiting.Reader.Count;

    /// <summary>False when it is full, or closed for good.</summary>
    public bool TryAdd(Heartbeat heartbeat) => _waiting.Writer.TryWrite(heartbeat);

    /// <summary>False once it is closed and empty.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _waiting.Reader.WaitToReadAsync(cancellationToken);

    public bool TryTake([MaybeNullWhen(false)] out Heartbeat heartbeat) => _waiting.Reader.TryRead(out heartbeat);

    public void Close() => _waiting.Writer.TryComplete();
}
