using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Gateway.RateLimits;

/// <summary>The configuration in force, and the change to a new one: all of it or, with a fault in it, nothing.</summary>
internal sealed partial class RateLimitPlans : IDisposable
{
    private readonly IOptionsFactory<RateLimitOptions> _options;
    private readonly IConfiguration _configuration;
    private readonly ILogger<RateLimitPlans> _logger;
    private readonly IDisposable _watch;
    private readonly Lock _gate = new();
    private RateLimitPlan? _current;
    private string _read = "";

    public RateLimitPlans(IOptionsFactory<RateLimitOptions> options, IConfiguration configuration, ILogger<RateLimitPlans> logger)
    {
        (_options, _configuration, _logger) = (options, configuration, logger);
        _watch = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    /// <exception cref="OptionsValidationException">The configuration was never good; the start reports it.</exception>
    public RateLimitPlan Current => Volatile.Read(ref _current) ?? Begin();

    public void Dispose() => _watch.Dispose();

    private RateLimitPlan Begin()
    {
        lock (_gate)
        {
            if (_current is null)
            {
                _read = Text();
                Volatile.Write(ref _current, new RateLimitPlan(_options.Create(Options.DefaultName), null));
            }

            return _current;
        }
    }

    private void Reload()
    {
        lock (_gate)
        {
            var text = Text();
            if (_current is null || text == _read)
            {
                return; // something else has changed
            }

            _read = text;
            try
            {
                Volatile.Write(ref _current, new RateLimitPlan(_options.Create(Options.DefaultName), _current));
                LogChanged(_logger, string.Join(", ", _current.Policies.Select(static policy => policy.Quota.Item)));
            }
            catch (OptionsValidationException faulty)
            {
                LogRefused(_logger, string.Join(Environment.NewLine, faulty.Failures));
            }
        }
    }

    private string Text() => string.Join('\n', _configuration.GetSection(RateLimitOptions.Section).AsEnumerable().Select(static pair => $"{pair.Key}={pair.Value}"));

    [LoggerMessage(1, LogLevel.Information, "Rate limits have changed: {Policies}")]
    private static partial void LogChanged(ILogger logger, string policies);

    [LoggerMessage(2, LogLevel.Error, "The new rate limits are not valid, the old ones stay: {Faults}")]
    private static partial void LogRefused(ILogger logger, string faults);
}
