using System.Diagnostics;
using System.Text;

namespace Platform.LocalEngine.Running;

/// <summary>A process of ours, its output going to a log.</summary>
internal sealed class ChildProcess : RunningWorkload
{
    private const int LongestLine = 16 * 1024;
    private readonly Process _process;
    private readonly int _stopSignal;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ChildProcess(Process process, ConsoleLog log, int stopSignal)
    {
        _process = process;
        _stopSignal = stopSignal;
        Pid = process.Id;
        var output = PumpAsync(process.StandardOutput, log, isError: false);
        var errors = PumpAsync(process.StandardError, log, isError: true);
        process.StandardInput.Dispose();
        _ = AwaitExitAsync(output, errors);
    }

    public override int? ProcessId => Pid;

    public int Pid { get; }

    public override Task<int> Exited => _exited.Task;

    public override void RequestStop()
    {
        // A stopped process does not hear of it before it goes on.
        Posix.Signal(Pid, _stopSignal);
        ProcessTree.Signal(Pid, Posix.Continue);
    }

    public override void Kill() => ProcessTree.Signal(Pid, Posix.KillNow);

    public override void Suspend() => ProcessTree.Signal(Pid, Posix.Stop);

    public override void Resume() => ProcessTree.Signal(Pid, Posix.Continue);

    private async Task AwaitExitAsync(Task output, Task errors)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.Exited += (_, _) => ended.TrySetResult();
        _process.EnableRaisingEvents = true;
        await ended.Task;

        // A grandchild may hold the pipes open; the last words are worth a moment, not more.
        await Task.WhenAny(Task.WhenAll(output, errors), Task.Delay(TimeSpan.FromMilliseconds(300)));
        Posix.Signal(-Pid, Posix.KillNow);
        _exited.TrySetResult(_process.ExitCode);
    }

    private static async Task PumpAsync(StreamReader reader, ConsoleLog log, bool isError)
    {
        var line = new StringBuilder();
        var buffer = new char[4096];
        int read;
        while ((read = await reader.ReadAsync(buffer)) > 0)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] is '\n' || line.Length >= LongestLine)
                {
                    log.Append(line.ToString(), isError);
                    line.Clear();
                }

                if (buffer[i] is not ('\n' or '\r'))
                {
                    line.Append(buffer[i]);
                }
            }
        }

        if (line.Length > 0)
        {
            log.Append(line.ToString(), isError);
        }
    }
}
