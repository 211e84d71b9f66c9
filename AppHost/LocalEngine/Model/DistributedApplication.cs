using Platform.LocalEngine.Running;
using Platform.LocalEngine.Testing;

namespace Aspire.Hosting;

/// <summary>The application: the model, ready to run.</summary>
public class DistributedApplication : IDisposable, IAsyncDisposable
{
    private Engine? _engine;

    internal DistributedApplication(LocalApplicationBuilder builder) => Model = builder;

    internal Engine Engine => _engine ??= new Engine(Model, Model.Options, TimeProvider.System);

    internal LocalApplicationBuilder Model { get; }

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) =>
        EntryPoint.Current?.CreateBuilder() ?? new LocalApplicationBuilder(args, null, builder => new DistributedApplication(builder));

    /// <summary>Runs until Ctrl-C. The exit code of the process says how it went.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    public virtual async Task RunAsync(CancellationToken cancellationToken = default) =>
        Environment.ExitCode = await new RunCommand(this, Model.Arguments).ExecuteAsync(cancellationToken);

    /// <summary>Starts everything in its order; returns before all is healthy.</summary>
    public virtual Task StartAsync(CancellationToken cancellationToken = default) => Engine.StartAsync(cancellationToken);

    public virtual Task StopAsync(CancellationToken cancellationToken = default) => _engine?.StopAsync() ?? Task.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            await _engine.DisposeAsync();
            _engine = null;
        }

        GC.SuppressFinalize(this);
    }

    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }
}
