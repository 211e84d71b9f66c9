using System.Runtime.CompilerServices;

namespace ServiceDefaults.Tests.Support;

internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Platform.Testing.Eventually.Async(condition, Deadline, what);
}
