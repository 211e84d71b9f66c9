using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Platform.Testing;

/// <summary>A service as a process of its own, for tests that kill it.</summary>
public sealed partial class ServiceProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private ServiceProcess(Process process) => _process = process;

    /// <summary>What it wrote, for the message of a test that fails.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Starts the service's program, which lies beside the tests that reference it.</summary>
    /// <param name="service">The service's assembly.</param>
    /// <param name="settings">Configuration keys, given as environment variables.</param>
    /// <param name="arguments">Of its command line.</param>
    public static ServiceProcess Start(Assembly service, IEnumerable<KeyValuePair<string, string?>> settings, params string[] arguments)
    {
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet, [service.Location, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ASPNETCORE_CONTENTROOT"] = SourceOf(service); // beside the tests lies some service's settings file
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var running = new ServiceProcess(Process.Start(start) ?? throw new InvalidOperationException("The service did not start."));
        running.Listen();
        return running;
    }

    /// <summary>Where it answers, once it does; its port is any free one unless the settings say another.</summary>
    public async Task<Uri> AddressAsync(TimeSpan deadline)
    {
        Match said = Match.Empty;
        await Eventually.Async(() => (said = Listening().Match(Output)).Success, deadline, "the service does not listen");
        return new Uri(said.Groups["address"].Value);
    }

    /// <summary>Its exit code, once it has ended by itself and everything it wrote was read.</summary>
    public async Task<int> ExitAsync(TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        await _process.WaitForExitAsync(timer.Token);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: it gets no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it keeps its connections and does nothing.</summary>
    public void Suspend() => Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signal("CONT");

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"Now listening on: (?<address>http://127\.0\.0\.1:\d+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Listening();

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"The process did not take {name}.");
        }
    }

    private static string SourceOf(Assembly service)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("The tests do not lie in the repository."), service.GetName().Name!);
    }

    private void Listen()
    {
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }
}
