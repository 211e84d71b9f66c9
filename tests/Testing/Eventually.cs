using System.Runtime.CompilerServices;
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
        using PeriodicTimer pace = new(Interval);
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > deadline)
            {
                throw new XunitException($"Within {deadline.TotalSeconds:0.#} s: {because}.");
            }

            await pace.WaitForNextTickAsync();
        }
    }

    /// <summary>Until the assertion no longer throws; at the deadline its last failure is thrown.</summary>
    public static async Task Async(Func<Task> assertion, TimeSpan deadline)
    {
        var began = TimeProvider.System.GetTimestamp();
        using PeriodicTimer pace = new(Interval);
        while (true)
        {
            try
            {
                await assertion();
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException && TimeProvider.System.GetElapsedTime(began) < deadline)
            {
                await pace.WaitForNextTickAsync();
            }
        }
    }

    public static Task Async(Func<bool> condition, TimeSpan deadline, string because = "the condition did not come true") =>
        Async(() => Task.FromResult(condition()), deadline, because);

    /// <summary>Within a minute, which a busy machine too keeps to.</summary>
    public static Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Async(condition, TimeSpan.FromMinutes(1), what);

    /// <summary>Until the attempt gives something.</summary>
    /// <exception cref="OperationCanceledException">The token, which carries the deadline, was cancelled first.</exception>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> attempt, CancellationToken deadline)
        where T : class
    {
        using PeriodicTimer pace = new(Interval);
        while (true)
        {
            if (await attempt() is { } given)
            {
                return given;
            }

            await pace.WaitForNextTickAsync(deadline);
        }
    }
}
