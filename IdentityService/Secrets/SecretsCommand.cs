using IdentityService.Data;
using IdentityService.Keys;
using Microsoft.Extensions.Options;
using Npgsql;
using ServiceDefaults.Data;

namespace IdentityService.Secrets;

/// <summary><c>dotnet run --project IdentityService -- secrets rotate</c>, with the service's own configuration.</summary>
internal static class SecretsCommand
{
    /// <summary>Whether the process was started for it.</summary>
    public static bool IsWanted(string[] args) => args is ["secrets", ..];

    /// <summary>0 when everything is encrypted with the current key; 1 when not, and why on the error stream; 2 for another command.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["secrets", "rotate", ..])
        {
            await Console.Error.WriteLineAsync("There is one command: secrets rotate");
            return 2;
        }

        var builder = Host.CreateApplicationBuilder(args[2..]);
        builder.Logging.ClearProviders();
        builder.AddDatabase<IdentityDb>("identitydb");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddValidatedOptions<KeyOptions>("Keys");
        builder.Services.AddSingleton<KeyEncryption>();
        builder.Services.AddEncryptedColumns();
        builder.Services.AddScoped<RotateSecrets>();
        using var host = builder.Build(); // not started: nothing of the service runs here
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        try
        {
            await using var scope = host.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<TenantScope>().EnterAll();
            return await TellAsync(await scope.ServiceProvider.GetRequiredService<RotateSecrets>().RunAsync(stop.Token));
        }
        catch (OptionsValidationException fault)
        {
            await Console.Error.WriteLineAsync($"The configuration is not valid:{Environment.NewLine}  - {string.Join($"{Environment.NewLine}  - ", fault.Failures)}");
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"The database could not be worked on, run it again: {fault.Message}");
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped; run it again to go on.");
        }

        return 1;
    }

    private static async Task<int> TellAsync(IReadOnlyList<RotatedColumn> columns)
    {
        foreach (var (column, rotated, unreadable) in columns)
        {
            await Console.Out.WriteLineAsync($"{column.Table}.{column.Secret}: {rotated} encrypted anew");
            if (unreadable > 0)
            {
                await Console.Error.WriteLineAsync(
                    $"{column.Table}.{column.Secret}: {unreadable} that no configured key opens; name the key they are under in Keys:FormerEncryptionKeys");
            }
        }

        return columns.Any(one => one.Unreadable > 0) ? 1 : 0;
    }
}
