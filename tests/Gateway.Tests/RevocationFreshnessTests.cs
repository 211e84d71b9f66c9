using Gateway.Revocation;
using Microsoft.Extensions.Options;

namespace Gateway.Tests;

/// <summary>How old the last heartbeat is, by the clock of the server that holds it.</summary>
public sealed class RevocationFreshnessTests
{
    private readonly StoppedTime _time = new();
    private readonly RevocationFreshness _freshness;

    public RevocationFreshnessTests()
    {
        _freshness = new RevocationFreshness(new Settings(), _time);
        _freshness.CaughtUp(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(0, "Current")]
    [InlineData(0.9, "Current")]
    [InlineData(1.1, "Late")]
    [InlineData(29, "Late")]
    [InlineData(31, "Unknown")]
    public void State_SomeTimeAfterTheLastHeartbeat_IsBySoMuchWorse(double seconds, string state)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(state, _freshness.State.ToString());
    }

    [Theory]
    [InlineData(0.5, "Current")]
    [InlineData(5, "Late")]
    [InlineData(40, "Unknown")]
    public void Heard_HeartbeatWrittenLongAgo_CountsByItsAge(double age, string state)
    {
        _time.Advance(TimeSpan.FromMinutes(5));

        _freshness.Heard(TimeSpan.FromSeconds(age));

        Assert.Equal(state, _freshness.State.ToString());
    }

    [Fact]
    public void Heard_OlderHeartbeatAfterANewerOne_ChangesNothing()
    {
        _freshness.Heard(TimeSpan.FromSeconds(20));

        Assert.Equal(RevocationState.Current, _freshness.State);
    }

    [Fact]
    public void ReachedEnd_OfAStreamWithoutAFreshHeartbeat_IsNotCaughtUp()
    {
        RevocationFreshness starting = new(new Settings(), _time);

        starting.Heard(TimeSpan.FromSeconds(5));
        starting.ReachedEnd();
        Assert.Equal(RevocationState.Unknown, starting.State);

        starting.Heard(TimeSpan.Zero);
        starting.ReachedEnd();
        Assert.Equal(RevocationState.Current, starting.State);
    }

    private sealed class Settings : IOptionsMonitor<RevocationOptions>
    {
        public RevocationOptions CurrentValue { get; } = new();

        public RevocationOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<RevocationOptions, string?> listener) => null;
    }

    private sealed class StoppedTime : TimeProvider
    {
        private long _ticks = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
