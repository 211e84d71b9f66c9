namespace IdentityService.Tests.Support;

/// <summary>A clock that a test moves, running or standing still; timers run in real time.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _shift;
    private DateTimeOffset? _frozen;

    public override DateTimeOffset GetUtcNow() => (_frozen ?? System.GetUtcNow()).AddTicks(Interlocked.Read(ref _shift));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _shift, by.Ticks);

    public void Freeze() => _frozen = System.GetUtcNow();
}
