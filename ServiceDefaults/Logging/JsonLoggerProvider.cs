using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Logging;

/// <summary>One JSON object a line on the console.</summary>
[ProviderAlias("Json")]
internal sealed class JsonLoggerProvider(LogQueue queue, TimeProvider time) : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentDictionary<string, JsonLogger> _loggers = new(StringComparer.Ordinal);

    internal IExternalScopeProvider Scopes { get; private set; } = new LoggerExternalScopeProvider();

    internal LogQueue Queue => queue;

    internal TimeProvider Time => time;

    public ILogger CreateLogger(string categoryName) =>
        _loggers.GetOrAdd(categoryName, static (name, provider) => new JsonLogger(name, provider), this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => Scopes = scopeProvider;

    public void Dispose() => queue.Dispose();

    private sealed class JsonLogger(string category, JsonLoggerProvider provider) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => provider.Scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                LogLine line = LogLine.Take();
                provider.Queue.Enqueue(line.Write(
                    provider.Time.GetUtcNow(), logLevel, category, eventId, state, exception, formatter, provider.Scopes));
            }
        }
    }
}
