using System.Diagnostics.Metrics;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Names under which telemetry is collected without further registration. A service makes its own
/// <c>new ActivitySource("Platform.Identity")</c> and <c>new Meter("Platform.Identity")</c>; instruments are named
/// <c>platform.identity.sign_ins</c>, with a UCUM unit (<c>s</c>, <c>By</c>, <c>{sign_in}</c>).
/// </summary>
public static class PlatformTelemetry
{
    /// <summary>Every source and meter that begins with this is collected.</summary>
    public const string Prefix = "Platform.";

    internal static readonly Meter Meter = new("Platform.ServiceDefaults");

    internal static readonly Counter<long> Errors = Meter.CreateCounter<long>(
        "platform.errors", "{error}", "Unexpected failures, by type of exception");

    internal static readonly Counter<long> DroppedLogs = Meter.CreateCounter<long>(
        "platform.logs.dropped", "{line}", "Log lines lost because the console did not keep up");

    internal static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "platform.http.client.retries", "{retry}", "Requests sent again, by target");

    internal static readonly Counter<long> RetriesRefused = Meter.CreateCounter<long>(
        "platform.http.client.retries_refused", "{retry}", "Retries not made because the budget was used up, by target");

    internal static readonly Counter<long> CircuitsOpened = Meter.CreateCounter<long>(
        "platform.http.client.circuits_opened", "{opening}", "Times the circuit to a target was opened");
}
