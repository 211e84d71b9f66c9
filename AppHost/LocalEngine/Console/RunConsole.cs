using Microsoft.Extensions.Configuration;
using Platform.LocalEngine.Dashboard;
using Platform.LocalEngine.Running;
using Spectre.Console;

namespace Platform.LocalEngine.Console;

/// <summary>What a run shows: the resources as they come up, then where everything is.</summary>
internal sealed class RunConsole(DistributedApplication application)
{
    private readonly Engine _engine = application.Engine;

    /// <summary>Runs the engine until the token is cancelled, and stops it.</summary>
    public async Task<int> ShowAsync(CancellationToken stop)
    {
        _engine.Say = text => System.Console.WriteLine(text);
        await using var dashboard = await StartDashboardAsync(stop);
        try
        {
            await _engine.StartAsync(stop);
            if (AnsiConsole.Profile.Capabilities.Interactive && !System.Console.IsOutputRedirected)
            {
                await ShowTableAsync(stop);
            }
            else
            {
                await ShowLinesAsync(stop);
            }

            await ShowAddressesAsync(dashboard.Address, stop);
            await WatchAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Ctrl-C
        }

        System.Console.WriteLine("Stopping.");
        await _engine.StopAsync();
        System.Console.WriteLine("Stopped.");
        return ExitCodes.Success;
    }

    // Before anything else: its page shows how the others come up.
    private Task<DashboardServer> StartDashboardAsync(CancellationToken stop)
    {
        var port = _engine.Options.RandomPorts ? 0 : application.Model.Configuration.GetValue("Dashboard:Port", DashboardServer.DefaultPort);
        if (port != 0)
        {
            EndpointPorts.RequireFree(port, "dashboard");
        }

        return DashboardServer.StartAsync(new ResourceService(_engine, application.Model.Resources), port, stop);
    }

    private async Task ShowTableAsync(CancellationToken stop)
    {
        var ready = _engine.WaitAllHealthyAsync(stop);
        await AnsiConsole.Live(ResourceTable.Of(_engine)).StartAsync(async live =>
        {
            while (!ready.IsCompleted)
            {
                live.UpdateTarget(ResourceTable.Of(_engine));
                await Task.WhenAny(ready, Task.Delay(TimeSpan.FromMilliseconds(150), stop));
            }

            live.UpdateTarget(ResourceTable.Of(_engine));
        });
        await ready;
    }

    private async Task ShowLinesAsync(CancellationToken stop)
    {
        var shown = new Dictionary<string, string>();
        await _engine.Changed.WaitUntilAsync(
            () =>
            {
                foreach (var resource in _engine.Supervisors)
                {
                    var line = ResourceTable.Line(resource);
                    if (shown.GetValueOrDefault(resource.Name) != line)
                    {
                        shown[resource.Name] = line;
                        System.Console.WriteLine(line);
                    }
                }

                return _engine.Supervisors.FirstOrDefault(s => s.Fault is not null)?.Fault is { } fault ? throw fault : _engine.Supervisors.All(s => s.IsHealthy);
            },
            stop);
    }

    private async Task ShowAddressesAsync(string dashboard, CancellationToken stop)
    {
        var gateway = _engine.Supervisors.SelectMany(s => s.Resource.Annotations.OfType<EndpointAnnotation>())
            .FirstOrDefault(e => e.IsExternal && e.UriScheme == "http");
        System.Console.WriteLine("");
        if (gateway is not null)
        {
            System.Console.WriteLine($"Gateway        http://localhost:{gateway.AllocatedPorts[0]}");
        }

        System.Console.WriteLine($"Dashboard      {dashboard}");
        if (application.Model.Resources.OfType<ParameterResource>().FirstOrDefault(p => p.Name == "admin-password") is { } password)
        {
            System.Console.WriteLine($"Administrator  admin / {await password.GetValueAsync(stop)}");
        }

        System.Console.WriteLine("Ctrl-C stops everything.");
    }

    // After the start a fault is told and the others go on: a developer mends one service while the rest runs.
    private async Task WatchAsync(CancellationToken stop)
    {
        var told = new HashSet<EngineFault>();
        await _engine.Changed.WaitUntilAsync(
            () =>
            {
                foreach (var fault in _engine.Supervisors.Select(s => s.Fault).OfType<EngineFault>().Where(told.Add))
                {
                    System.Console.WriteLine(fault.Message);
                }

                return false;
            },
            stop);
    }
}
