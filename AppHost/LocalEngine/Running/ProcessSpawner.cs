using System.Collections.Concurrent;
using System.Diagnostics;

namespace Platform.LocalEngine.Running;

/// <summary>Starts every child from one thread and reports it to the guard.</summary>
internal sealed class ProcessSpawner : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly ProcessGuard _guard = new();

    public ProcessSpawner()
    {
        var thread = new Thread(() =>
        {
            foreach (var action in _work.GetConsumingEnumerable())
            {
                action();
            }
        })
        {
            IsBackground = true,
            Name = "process spawner",
        };
        thread.Start();
    }

    public Task<ChildProcess> StartAsync(ProcessCommand command, ConsoleLog log)
    {
        var started = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                var process = Process.Start(command.ToStartInfo()) ?? throw new InvalidOperationException($"{command.Program} did not start.");
                _guard.Add(process.Id);
                var child = new ChildProcess(process, log, command.StopSignal);
                _ = child.Exited.ContinueWith(_ => _guard.Remove(child.Pid), TaskScheduler.Default);
                started.SetResult(child);
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
            {
                started.SetException(new EngineFault(ExitCodes.ServerUnavailable, $"{command.Program} cannot be started: {e.Message}", e));
            }
        });
        return started.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _guard.Dispose();
    }
}
