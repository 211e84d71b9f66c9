using System.Runtime.InteropServices;
using Platform.LocalEngine.Console;
using Platform.LocalEngine.Testing;

namespace Platform.LocalEngine.Running;

/// <summary><c>dotnet run --project AppHost</c>: from the first line on the console to the exit code.</summary>
internal sealed class RunCommand(DistributedApplication application, string[] args)
{
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(cancellationToken);
        }
        catch (EngineFault fault)
        {
            await System.Console.Error.WriteLineAsync($"\n{fault.Message}");
            return fault.ExitCode;
        }
        catch (DistributedApplicationException fault)
        {
            await System.Console.Error.WriteLineAsync($"\n{fault.Message}");
            return ExitCodes.Usage;
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // The runtime would abort with a core dump's exit code; the servers are stopped by now.
            await System.Console.Error.WriteLineAsync($"\nSomething unforeseen: {bug}");
            return ExitCodes.Unexpected;
        }
    }

    private async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new EngineFault(ExitCodes.Usage, "The local engine runs on Linux and macOS. On Windows use Aspire's own: dotnet run --project AppHost -p:UseAspire=true (needs a container runtime).");
        }

        switch (args.FirstOrDefault(a => !a.StartsWith('-')))
        {
            case "publish":
                throw new EngineFault(ExitCodes.Usage, "Publishing is not available in the local engine yet.");
            case { } unknown when !args.Contains($"--{unknown}"):
                throw new EngineFault(ExitCodes.Usage, $"Unknown argument '{unknown}'. Settings are given as --Name=value.");
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var app = application;
        var engine = application.Engine;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (stop.IsCancellationRequested)
            {
                engine.KillAll();
            }

            stop.Cancel();
        }

        return application.Model.Configuration[SharedServersHost.Argument] is { } folder
            ? await new SharedServersHost(application, folder, TimeProvider.System).RunAsync(stop.Token)
            : await new RunConsole(application).ShowAsync(stop.Token);
    }
}
