using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Platform.LocalEngine.Running;
using Platform.Testing;

namespace AppHost.Tests.Support;

/// <summary>The AppHost as a user runs it, with its data in a folder of the test's.</summary>
internal sealed class AppHostProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private AppHostProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static AppHostProcess Start(string dataFolder, params string[] arguments)
    {
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet, [Projects.AppHost.AssemblyPath, $"--DataFolder={dataFolder}", "--Dashboard:Port=0", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return new AppHostProcess(Process.Start(start)!);
    }

    public Task WaitUntilUpAsync() => Eventually.Async(
        () =>
        {
            Assert.False(_process.HasExited, Output);
            return Output.Contains("Ctrl-C stops everything.", StringComparison.Ordinal);
        },
        TimeSpan.FromMinutes(3),
        "the AppHost did not come up");

    public void Signal(int signal) => Assert.True(Posix.Signal(Id, signal));

    public async Task<int> ExitCodeAsync(TimeSpan deadline)
    {
        using var limit = new CancellationTokenSource(deadline);
        var ended = _process.WaitForExitAsync(limit.Token);
        await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(ended.IsCompletedSuccessfully, $"The AppHost did not end in {deadline}: {Output}");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }
}
