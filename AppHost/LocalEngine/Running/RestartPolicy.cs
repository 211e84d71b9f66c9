namespace Platform.LocalEngine.Running;

/// <summary>Counts the crashes in a row and says how long to wait before the next try.</summary>
internal sealed class RestartPolicy
{
    /// <summary>With the waits of 0.5 s, 1 s, 2 s and 4 s the fifth crash comes some 8 s after the first.</summary>
    public const int CrashesInARow = 5;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Proven = TimeSpan.FromSeconds(20);

    public int Crashes { get; private set; }

    public bool IsExhausted => Crashes >= CrashesInARow;

    /// <param name="healthyFor">How long it was up and healthy; null if it never was.</param>
    public TimeSpan Crashed(TimeSpan? healthyFor)
    {
        Crashes = healthyFor >= Proven ? 1 : Crashes + 1;
        return First * Math.Pow(2, Crashes - 1);
    }
}
