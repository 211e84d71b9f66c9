using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Hosting;

/// <summary>Turns a faulty start into a message a person can act on, and exit code 1.</summary>
internal static class StartFailure
{
    private static int _installed;

    public static void ReportReadably()
    {
        if (Interlocked.Exchange(ref _installed, 1) == 0)
        {
            AppDomain.CurrentDomain.UnhandledException += static (_, crash) =>
            {
                if (crash.ExceptionObject is Exception fault && Describe(fault) is { } message)
                {
                    Console.Error.WriteLine(message);
                    Environment.Exit(1);
                }
            };
        }
    }

    /// <summary>The message for a fault of configuration or environment, or null for anything else, which may crash loudly.</summary>
    internal static string? Describe(Exception fault) => fault switch
    {
        OptionsValidationException invalid => List(invalid.Failures),
        AggregateException many when many.InnerExceptions.All(static one => one is OptionsValidationException)
            => List(many.InnerExceptions.Cast<OptionsValidationException>().SelectMany(static one => one.Failures)),
        _ when fault.GetBaseException() is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable or SocketError.AccessDenied }
            => $"The service cannot start: {fault.Message}",
        _ => null,
    };

    private static string List(IEnumerable<string> faults) =>
        "The service cannot start, its configuration is not valid:" + Environment.NewLine
        + string.Join(Environment.NewLine, faults.Select(static one => $"  - {one}"));
}
