using System.Diagnostics;
using System.Globalization;

namespace Platform.LocalEngine.Running;

/// <summary>
/// Ends the children when the AppHost dies, however it dies: a shell in a session of its own that reads the leaders of
/// their process groups from a pipe and, when the kernel closes the pipe, kills the groups that are left.
/// </summary>
internal sealed class ProcessGuard : IDisposable
{
    private const string Script = """
        live=" "
        while read -r op pid; do
          case "$op" in
            add) live="$live$pid " ;;
            del) case "$live" in *" $pid "*) live="${live%% $pid *} ${live#* $pid }" ;; esac ;;
          esac
        done
        for pid in $live; do kill -KILL "-$pid" 2>/dev/null; done
        exit 0
        """;

    private readonly Lock _gate = new();
    private readonly Process _shell;

    public ProcessGuard()
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" };
        var command = OwnSession.Detach("/bin/sh", ["-c", Script]);
        start.FileName = command[0];
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        _shell = Process.Start(start) ?? throw new InvalidOperationException("No shell.");
    }

    public void Add(int pid) => Write("add", pid);

    public void Remove(int pid) => Write("del", pid);

    public void Dispose()
    {
        _shell.StandardInput.Dispose();
        _shell.Dispose();
    }

    private void Write(string operation, int pid)
    {
        lock (_gate)
        {
            _shell.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{operation} {pid}"));
            _shell.StandardInput.Flush();
        }
    }
}
