namespace ServiceDefaults.Telemetry;

/// <summary>A meter whose instruments are not collected.</summary>
internal sealed record MutedMeter(string Name);
