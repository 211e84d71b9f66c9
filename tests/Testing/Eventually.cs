using Xunit.Sdk;

namespace Platform.Testing;

/// <summary>Polls with a deadline, where a sleep would be either too short or too long.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Until the condition holds.</summary>
    public static async Task Async(Func<Task<bool>> condition, TimeSpan deadline, string because = "the condition did not come true")
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > deadline)
            {
                throw new XunitException($"Within {deadline.TotalSeconds:0.#} s: {because}.");
            }

            await Task.Delay(Interval);
        }
    }

    /// <summary>Until the assertion no longer throws; at the deadline its last failure is thrown.</summary>
    public static async Task Async(Func<Task> assertion, TimeSpan deadline)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await assertion();
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException && TimeProvider.System.GetElapsedTime(began) < deadline)
            {
                await Task.Delay(Interval);
            }
        }
    }

    public static Task Async(Func<bool> condition, TimeSpan deadline, string because = "the condition did not come true") =>
        Async(() => Task.FromResult(condition()), deadline, because);
}
