namespace Platform.LocalEngine.Running;

/// <summary>How the AppHost ends; README.md lists them.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Unexpected = 1;
    public const int Usage = 2;
    public const int PortInUse = 3;
    public const int ServerUnavailable = 4;
    public const int ServiceFailed = 5;
    public const int AlreadyRunning = 6;
}

/// <summary>Something the user has to mend. The message is one paragraph that says what and how.</summary>
internal sealed class EngineFault : Exception
{
    public EngineFault(int exitCode, string message, Exception? inner = null)
        : base(message, inner) => ExitCode = exitCode;

    public int ExitCode { get; }
}
