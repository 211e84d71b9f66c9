namespace Platform.LocalEngine.Running;

/// <summary>Keeps one resource (or one replica of it) running: waits for its dependencies, starts, probes, restarts, stops.</summary>
internal sealed class Supervisor(string name, IResource resource, int replica, Workload workload, IReadOnlyList<Supervisor> waitsFor, ChangeSignal anyChanged, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ProbeWhileStarting = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ProbeWhileRunning = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private readonly SemaphoreSlim _commands = new(1);
    private CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private RunningWorkload? _running;

    public string Name => name;

    public IResource Resource => resource;

    public int Replica => replica;

    public Workload Workload => workload;

    public IReadOnlyList<Supervisor> WaitsFor => waitsFor;

    public ConsoleLog Log { get; } = new(time);

    public ChangeSignal Changed { get; } = new();

    public string State { get; private set; } = ResourceStates.NotStarted;

    public bool IsHealthy { get; private set; }

    public string? Problem { get; private set; }

    public EngineFault? Fault { get; private set; }

    public DateTimeOffset? StartedAt { get; private set; }

    public TimeSpan? TimeToReady { get; private set; }

    public int Restarts { get; private set; }

    public int? ProcessId => _running?.ProcessId;

    public RunningWorkload Running => _running ?? throw new InvalidOperationException($"'{name}' does not run.");

    public async Task StartAsync()
    {
        await _commands.WaitAsync();
        try
        {
            if (_loop.IsCompleted)
            {
                _stop.Dispose();
                _stop = new CancellationTokenSource();
                Fault = null;
                _loop = Task.Run(() => SuperviseAsync(_stop.Token));
            }
        }
        finally
        {
            _commands.Release();
        }
    }

    /// <summary>Asks it to end, and after <paramref name="grace"/> makes it.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        await _commands.WaitAsync();
        try
        {
            await _stop.CancelAsync();
            if (_running is { } running)
            {
                Set(ResourceStates.Stopping, healthy: false);
                running.RequestStop();
                if (await Task.WhenAny(running.Exited, Task.Delay(grace, time)) != running.Exited)
                {
                    Log.Append($"[engine] did not end within {grace.TotalSeconds:0.#} s; killed", isError: true);
                    running.Kill();
                }
            }

            await _loop;
        }
        finally
        {
            _commands.Release();
        }
    }

    public Task WaitHealthyAsync(CancellationToken cancellationToken) =>
        Changed.WaitUntilAsync(() => Fault is { } fault ? throw fault : IsHealthy, cancellationToken);

    public void Dispose()
    {
        _stop.Dispose();
        _commands.Dispose();
    }

    private async Task SuperviseAsync(CancellationToken stop)
    {
        try
        {
            Set(ResourceStates.Waiting, healthy: false);
            foreach (var dependency in waitsFor)
            {
                await dependency.Changed.WaitUntilAsync(() => dependency.IsHealthy, stop);
            }

            await KeepRunningAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Set(ResourceStates.Exited, healthy: false);
        }
        catch (Exception e)
        {
            Fault = e as EngineFault ?? new EngineFault(ExitCodes.Unexpected, $"'{name}' could not be started: {e.Message}", e);
            Set(ResourceStates.FailedToStart, healthy: false, Fault.Message);
        }
    }

    private async Task KeepRunningAsync(CancellationToken stop)
    {
        var policy = new RestartPolicy();
        while (true)
        {
            var (exit, healthyFor) = await RunOnceAsync(stop);
            stop.ThrowIfCancellationRequested();

            if (healthyFor is null && TimeToReady is null && LostItsPort())
            {
                workload.TakeOtherPorts();
            }

            var wait = policy.Crashed(healthyFor);
            if (policy.IsExhausted)
            {
                throw new EngineFault(workload.FailureCode, $"'{name}' ended {policy.Crashes} times in a row, last with exit code {exit}. Its last words: {LastWords()}");
            }

            Restarts++;
            Set(ResourceStates.Exited, healthy: false, $"ended with exit code {exit}; starts again in {wait.TotalSeconds:0.#} s");
            Log.Append($"[engine] {Problem}", isError: true);
            await Task.Delay(wait, time, stop);
        }
    }

    private async Task<(int Exit, TimeSpan? HealthyFor)> RunOnceAsync(CancellationToken stop)
    {
        Set(ResourceStates.Starting, healthy: false);
        StartedAt = time.GetUtcNow();
        var started = time.GetTimestamp();
        _running = await workload.StartAsync(Log, stop);
        long? healthySince = null;
        try
        {
            stop.ThrowIfCancellationRequested(); // asked to stop while it started: it has no state to lose yet
            while (!_running.Exited.IsCompleted)
            {
                var problem = await ProbeAsync(makeReady: healthySince is null, stop);
                if (stop.IsCancellationRequested)
                {
                    break;
                }

                if (problem is null && healthySince is null)
                {
                    healthySince = time.GetTimestamp();
                    TimeToReady = time.GetElapsedTime(started);
                }

                Set(ResourceStates.Running, problem is null, problem);
                if (healthySince is null && time.GetElapsedTime(started) > StartLimit)
                {
                    Log.Append($"[engine] not healthy within {StartLimit.TotalMinutes:0} minutes ({problem}); killed", isError: true);
                    _running.Kill();
                }

                await Task.WhenAny(_running.Exited, Task.Delay(healthySince is null ? ProbeWhileStarting : ProbeWhileRunning, time, stop));
            }

            var exit = await _running.Exited;
            return (exit, healthySince is null ? null : time.GetElapsedTime(healthySince.Value));
        }
        catch
        {
            _running.Kill();
            await _running.Exited;
            throw;
        }
        finally
        {
            _running = null;
        }
    }

    private async Task<string?> ProbeAsync(bool makeReady, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ProbeLimit);
        try
        {
            var problem = await workload.ProbeAsync(limit.Token);
            if (problem is null && makeReady)
            {
                await workload.ReadyAsync(limit.Token);
            }

            return problem;
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {ProbeLimit.TotalSeconds:0} s";
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or System.Data.Common.DbException)
        {
            return e.Message;
        }
    }

    private bool LostItsPort() => Log.Lines.TakeLast(40).Any(l => l.Text.Contains("address already in use", StringComparison.OrdinalIgnoreCase) || l.Text.Contains("eaddrinuse", StringComparison.Ordinal));

    private string LastWords()
    {
        var lines = Log.Lines.Where(l => !l.Text.StartsWith("[engine]", StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(l.Text)).TakeLast(6).Select(l => l.Text.Trim()).ToList();
        return lines.Count == 0 ? "none" : string.Join(" | ", lines);
    }

    private void Set(string state, bool healthy, string? problem = null)
    {
        (State, IsHealthy, Problem) = (state, healthy, problem);
        Changed.Raise();
        anyChanged.Raise();
    }
}
