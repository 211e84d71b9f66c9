namespace Platform.LocalEngine.Running;

/// <summary>What a resource does when it runs: a service, a server, or something inside this process.</summary>
internal abstract class Workload
{
    /// <summary>Prepares and starts. An <see cref="EngineFault"/> is final; another start would fail the same way.</summary>
    public abstract Task<RunningWorkload> StartAsync(ConsoleLog log, CancellationToken cancellationToken);

    /// <summary>Null when healthy, else what is wrong. Asks by the real protocol.</summary>
    public abstract Task<string?> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Once after every start, before anyone who waits is let go.</summary>
    public virtual Task ReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>New ports, after one was lost to another program between choice and start.</summary>
    public virtual void TakeOtherPorts()
    {
    }

    /// <summary>For the dashboard, secrets included; the snapshot masks them.</summary>
    public virtual IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>();

    public virtual int FailureCode => ExitCodes.ServerUnavailable;
}

/// <summary>One start of a workload.</summary>
internal abstract class RunningWorkload
{
    public abstract Task<int> Exited { get; }

    public virtual int? ProcessId => null;

    public abstract void RequestStop();

    public abstract void Kill();

    public virtual void Suspend() => throw new NotSupportedException("Only a process can be suspended.");

    public virtual void Resume() => throw new NotSupportedException("Only a process can be resumed.");
}

/// <summary>Implemented by the generated Projects.* beside their metadata.</summary>
internal interface IBuiltProject
{
    string AssemblyPath { get; }
}
