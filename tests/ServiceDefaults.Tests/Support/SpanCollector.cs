using System.Collections.Concurrent;
using System.Diagnostics;
using Platform.Testing;

namespace ServiceDefaults.Tests.Support;

/// <summary>Keeps the finished spans of the process; tests tell theirs by the trace id.</summary>
internal sealed class SpanCollector : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _listener;

    public SpanCollector()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Microsoft.AspNetCore" or "System.Net.Http",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public async Task<Activity> FindAsync(Func<Activity, bool> fits)
    {
        Activity? found = null;
        await Eventually.TrueAsync(() => Task.FromResult((found = _spans.FirstOrDefault(fits)) is not null));
        return found!;
    }

    public void Dispose() => _listener.Dispose();
}
