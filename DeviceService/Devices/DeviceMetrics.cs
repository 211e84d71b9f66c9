using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using DeviceService.Connectivity;
using ServiceDefaults.Contracts;

namespace DeviceService.Devices;

/// <summary>What is measured about the fleet. Durations in seconds.</summary>
internal sealed class DeviceMetrics : IDisposable
{
    public static readonly ActivitySource Source = new("Platform.Devices");

    private readonly Meter _meter;
    private readonly Counter<long> _heartbeats;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _flush;
    private readonly Counter<long> _enrolments;
    private readonly Counter<long> _transitions;
    private FrozenDictionary<DeviceConnectivity, long> _states = FrozenDictionary<DeviceConnectivity, long>.Empty;

    public DeviceMetrics(IMeterFactory meters, HeartbeatQueue queue)
    {
        _meter = meters.Create("Platform.Devices");
        _heartbeats = _meter.CreateCounter<long>("platform.devices.heartbeats", "{heartbeat}", "Heartbeats by result");
        _batchSize = _meter.CreateHistogram<int>("platform.devices.heartbeats.batch_size", "{heartbeat}", "Heartbeats of one flush");
        _flush = _meter.CreateHistogram<double>("platform.devices.heartbeats.flush.duration", "s", "From the first statement of a flush to its commit");
        _meter.CreateObservableGauge("platform.devices.heartbeats.waiting", () => queue.Count, "{heartbeat}", "Heartbeats that no flush has taken yet");
        _enrolments = _meter.CreateCounter<long>("platform.devices.enrolments", "{enrolment}", "Enrolments by result");
        _transitions = _meter.CreateCounter<long>("platform.devices.transitions", "{transition}", "Changes of connectivity by new state");
        _meter.CreateObservableGauge("platform.devices.count", Count, "{device}", "Active devices by connectivity, from the replica that sweeps");
    }

    public void Flushed(int heartbeats, int known, TimeSpan duration)
    {
        Add(_heartbeats, known, "result", "accepted");
        Add(_heartbeats, heartbeats - known, "result", "unknown_device");
        _batchSize.Record(heartbeats);
        _flush.Record(duration.TotalSeconds);
    }

    /// <summary>Heartbeats that were answered 503.</summary>
    public void NotTaken(int heartbeats, string reason) => Add(_heartbeats, heartbeats, "result", reason);

    public void Enrolment(string result) => Add(_enrolments, 1, "result", result);

    public void Moved(DeviceConnectivity current, int devices) => Add(_transitions, devices, "state", Name(current));

    /// <summary>The fleet as just counted; null from a replica that is not the one to count.</summary>
    public void Counted(IReadOnlyDictionary<DeviceConnectivity, long>? states) =>
        _states = states?.ToFrozenDictionary() ?? FrozenDictionary<DeviceConnectivity, long>.Empty;

    public void Dispose() => _meter.Dispose();

    private static void Add(Counter<long> counter, int count, string tag, string value)
    {
        if (count > 0)
        {
            counter.Add(count, new KeyValuePair<string, object?>(tag, value));
        }
    }

    private IEnumerable<Measurement<long>> Count() =>
        _states.Select(pair => new Measurement<long>(pair.Value, new KeyValuePair<string, object?>("state", Name(pair.Key))));

    private static string Name(DeviceConnectivity state) => state switch
    {
        DeviceConnectivity.Online => "online",
        DeviceConnectivity.Late => "late",
        DeviceConnectivity.Offline => "offline",
        _ => "unknown",
    };
}
