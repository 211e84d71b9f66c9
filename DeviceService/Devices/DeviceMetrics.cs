using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
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

    public DeviceMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Platform.Devices");
        _heartbeats = _meter.CreateCounter<long>("platform.devices.heartbeats", "{heartbeat}", "Heartbeats by result");
        _batchSize = _meter.CreateHistogram<int>("platform.devices.heartbeats.batch_size", "{heartbeat}", "Heartbeats of one flush");
        _flush = _meter.CreateHistogram<double>("platform.devices.heartbeats.flush.duration", "s", "From the first statement of a flush to its commit");
        _enrolments = _meter.CreateCounter<long>("platform.devices.enrolments", "{enrolment}", "Enrolments by result");
        _transitions = _meter.CreateCounter<long>("platform.devices.transitions", "{transition}", "Changes of connectivity by new state");
        _meter.CreateObservableGauge("platform.devices.count", Count, "{device}", "Active devices by connectivity, from the replica that sweeps");
    }

    public void Flushed(int heartbeats, int known, TimeSpan duration)
    {
        _heartbeats.Add(known, new KeyValuePair<string, object?>("result", "accepted"));
        _heartbeats.Add(heartbeats - known, new KeyValuePair<string, object?>("result", "unknown_device"));
        _batchSize.Record(heartbeats);
        _flush.Record(duration.TotalSeconds);
    }

    /// <summary>Heartbeats that were answered 503.</summary>
    public void NotTaken(int heartbeats, string reason) =>
        _heartbeats.Add(heartbeats, new KeyValuePair<string, object?>("result", reason));

    public void Enrolment(string result) => _enrolments.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Moved(DeviceConnectivity current, int devices) =>
        _transitions.Add(devices, new KeyValuePair<string, object?>("state", Name(current)));

    /// <summary>The fleet as just counted; null from a replica that is not the one to count.</summary>
    public void Counted(IReadOnlyDictionary<DeviceConnectivity, long>? states) =>
        _states = states?.ToFrozenDictionary() ?? FrozenDictionary<DeviceConnectivity, long>.Empty;

    public void Dispose() => _meter.Dispose();

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
