using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Benchmarks.Proxying;

/// <summary>A program held to one core, so that the proxy measured has a core of its own and nobody else is on it.</summary>
internal sealed class PinnedProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private PinnedProcess(Process process) => _process = process;

    public static string Dotnet { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary>Time on a core so far.</summary>
    public TimeSpan Used
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Starts a .NET program and waits until the address answers.</summary>
    public static Task<PinnedProcess> StartDotnetAsync(
        int core, Uri address, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> environment) =>
        StartAsync(core, address, [Dotnet, .. arguments], environment);

    public static async Task<PinnedProcess> StartAsync(
        int core, Uri address, IEnumerable<string> command, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var running = Start(core, command, environment);
        using var deadline = new CancellationTokenSource(StartDeadline);
        using var client = new HttpClient();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await pace.WaitForNextTickAsync(deadline.Token))
        {
            if (running._process.HasExited)
            {
                throw new InvalidOperationException($"A program of the benchmark ended: {running._output}");
            }

            try
            {
                using var answer = await client.GetAsync(address, deadline.Token);
                if ((int)answer.StatusCode < 500)
                {
                    break;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }

        return running;
    }

    /// <summary>Runs to the end and gives what was written.</summary>
    public static async Task<string> RunAsync(int core, params string[] command)
    {
        await using var running = Start(core, command, []);
        await running._process.WaitForExitAsync();
        return running._process.ExitCode == 0
            ? running._output.ToString()
            : throw new InvalidOperationException($"{command[0]} failed: {running._output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static PinnedProcess Start(int core, IEnumerable<string> command, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo("taskset", ["-c", $"{core}", .. command])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var running = new PinnedProcess(Process.Start(start) ?? throw new InvalidOperationException("taskset did not start."));
        running.Listen();
        return running;
    }

    private void Listen()
    {
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Note(string? line)
    {
        lock (_output)
        {
            if (_output.Length < 64 * 1024)
            {
                _output.AppendLine(line);
            }
        }
    }
}
