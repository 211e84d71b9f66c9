namespace Platform.Testing;

/// <summary>What a test's own server does when it is to answer nothing.</summary>
public static class Hanging
{
    /// <summary>Never ends by itself.</summary>
    /// <exception cref="OperationCanceledException">Whoever waited has given up.</exception>
    public static Task UntilAsync(CancellationToken givenUp) => new TaskCompletionSource().Task.WaitAsync(givenUp);
}
