using System.Diagnostics.Metrics;

namespace AuditService.DeadLetters;

/// <summary>What is measured about dead letters, by queue.</summary>
internal sealed class DeadLetterMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _collected;
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _discarded;
    private readonly TimeProvider _time;
    private IReadOnlyList<WaitingLetters> _waiting = [];

    public DeadLetterMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _meter = meters.Create("Platform.Audit");
        _collected = _meter.CreateCounter<long>("platform.dead_letters.collected", "{message}", "Messages that consumers gave up");
        _replayed = _meter.CreateCounter<long>("platform.dead_letters.replayed", "{message}", "Dead letters put back into their queue");
        _refused = _meter.CreateCounter<long>("platform.dead_letters.replay.refused", "{message}", "Replays refused, by reason");
        _discarded = _meter.CreateCounter<long>("platform.dead_letters.discarded", "{message}", "Dead letters discarded");
        _meter.CreateObservableGauge("platform.dead_letters.waiting", Waiting, "{message}", "Dead letters that nobody has decided on");
        _meter.CreateObservableGauge("platform.dead_letters.oldest", Oldest, "s", "Time since the oldest of them was given up");
    }

    public void Collected(string queue, string faultType) => _collected.Add(1, Of(queue), new("error.type", faultType));

    public void Replayed(string queue) => _replayed.Add(1, Of(queue));

    public void Refused(string queue, string code) => _refused.Add(1, Of(queue), new("error.type", code));

    public void Discarded(string queue) => _discarded.Add(1, Of(queue));

    /// <summary>What the table holds.</summary>
    public void Holds(IReadOnlyList<WaitingLetters> waiting) => _waiting = waiting;

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Waiting() => _waiting.Select(queue => new Measurement<long>(queue.Count, Of(queue.Queue)));

    private IEnumerable<Measurement<double>> Oldest()
    {
        var now = _time.GetUtcNow();
        return _waiting.Select(queue => new Measurement<double>(Math.Max(0, (now - queue.Oldest).TotalSeconds), Of(queue.Queue)));
    }

    private static KeyValuePair<string, object?> Of(string queue) => new("messaging.destination.name", queue);
}

/// <summary>Undecided dead letters of one queue.</summary>
internal sealed record WaitingLetters(string Queue, long Count, DateTimeOffset Oldest);
