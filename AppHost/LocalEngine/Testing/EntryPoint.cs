using System.Reflection;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Testing;

/// <summary>Runs the AppHost's own Program.cs up to Build(), so that a test gets the very model that a run has.</summary>
internal sealed class EntryPoint(string[] args, EngineOptions options)
{
    private static readonly AsyncLocal<EntryPoint?> Ambient = new();
    private LocalApplicationBuilder? _captured;

    public static EntryPoint? Current => Ambient.Value;

    public LocalApplicationBuilder Capture(Assembly assembly)
    {
        var main = assembly.EntryPoint ?? throw new ArgumentException($"{assembly.GetName().Name} has no entry point.", nameof(assembly));
        Ambient.Value = this;
        try
        {
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [args]);
        }
        catch (TargetInvocationException e) when (e.InnerException is ModelComplete)
        {
            return _captured!;
        }
        catch (TargetInvocationException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException!);
        }
        finally
        {
            Ambient.Value = null;
        }

        throw new InvalidOperationException("The entry point ended without building an application.");
    }

    public IDistributedApplicationBuilder CreateBuilder() => new LocalApplicationBuilder(args, options, BuildOrLeave);

    // The first Build() is Program.cs's, and control has to come back to the test; the second is the test's own.
    private DistributedApplication BuildOrLeave(LocalApplicationBuilder builder)
    {
        if (_captured is not null)
        {
            return new DistributedApplication(builder);
        }

        _captured = builder;
        throw new ModelComplete();
    }

#pragma warning disable CA1032, CA1064 // a jump, never seen outside
    private sealed class ModelComplete : Exception;
#pragma warning restore CA1032, CA1064
}
