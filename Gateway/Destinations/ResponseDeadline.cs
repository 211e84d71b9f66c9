using System.Collections.Concurrent;
using Gateway.Routing;
using Microsoft.Extensions.Options;

namespace Gateway.Destinations;

/// <summary>
/// Limits the time until a service's answer begins, over all attempts. From then on only inactivity ends a request, so
/// that downloads, event streams and WebSockets last as long as they are used.
/// </summary>
internal sealed class ResponseDeadline(IOptionsMonitor<ProxyingOptions> options)
{
    private const int MostKept = 1024;

    // Sources are used again, timers and all: a new one for every request would be the costliest part of proxying it.
    private readonly ConcurrentQueue<CancellationTokenSource> _sources = new();

    /// <summary>From now on the request ends when its client goes or its time is over.</summary>
    public Running Begin(HttpContext context)
    {
        var state = RequestState.Of(context);
        var limit = state.Access?.Deadline ?? options.CurrentValue.Deadline;
        var source = _sources.TryDequeue(out var kept) ? kept : new CancellationTokenSource();
        Running running = new(source, context.RequestAborted);
        state.Deadline = running;

        // The forwarder listens to this token alone.
        source.CancelAfter(limit);
        context.RequestAborted = source.Token;
        return running;
    }

    /// <summary>The service has answered, or nobody waits for it any more.</summary>
    public void End(HttpContext context, Running running)
    {
        context.RequestAborted = running.Client;
        var source = running.End();
        if (source.TryReset() && _sources.Count < MostKept)
        {
            _sources.Enqueue(source);
        }
        else
        {
            source.Dispose();
        }
    }

    /// <summary>Whether the request was given up because the service took too long.</summary>
    public static bool HasPassed(HttpContext context) => RequestState.Of(context).Deadline?.HasPassed == true;

    /// <summary>The time of one request.</summary>
    internal sealed class Running
    {
        private readonly CancellationTokenSource _either;
        private readonly CancellationTokenRegistration _whenClientGoes;
        private bool _ended;

        public Running(CancellationTokenSource either, CancellationToken client)
        {
            _either = either;
            Client = client;
            _whenClientGoes = client.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), either);
        }

        public CancellationToken Client { get; }

        public bool HasPassed
        {
            get => _ended ? field : _either.IsCancellationRequested && !Client.IsCancellationRequested;
            private set;
        }

        public void Stop()
        {
            // A problem written later starts the response too, when the source may be another request's.
            if (!_ended)
            {
                _either.CancelAfter(Timeout.Infinite);
            }
        }

        public CancellationTokenSource End()
        {
            _whenClientGoes.Dispose();
            HasPassed = HasPassed; // the source tells of another request from now on
            _ended = true;
            return _either;
        }
    }
}
