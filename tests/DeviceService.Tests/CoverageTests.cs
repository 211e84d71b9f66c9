using DeviceService.Connectivity;

namespace DeviceService.Tests;

public sealed class CoverageTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Since_Alone_IsItsOwnBeginning() => Assert.Equal(At(50), Coverage.Since(At(50), [From(50, 60)]));

    [Fact]
    public void Since_AfterAGap_DoesNotGoBackOverIt() =>
        Assert.Equal(At(50), Coverage.Since(At(50), [From(50, 60), From(0, 49)]));

    [Fact]
    public void Since_AcrossARollingRestart_GoesBackToTheFirst() =>
        Assert.Equal(At(0), Coverage.Since(At(50), [From(50, 60), From(0, 30), From(29, 51)]));

    [Fact]
    public void Since_WithAShortLifeInsideALongOne_GoesBackToTheLongOne() =>
        Assert.Equal(At(0), Coverage.Since(At(50), [From(50, 60), From(40, 55), From(0, 52)]));

    [Fact]
    public void Since_WithAnOlderBreak_StopsThere() =>
        Assert.Equal(At(20), Coverage.Since(At(50), [From(50, 60), From(20, 55), From(0, 19)]));

    private static DateTimeOffset At(int seconds) => Start.AddSeconds(seconds);

    private static Receiver From(int ready, int alive) =>
        new() { Id = Guid.CreateVersion7(At(ready)), ReadyAt = At(ready), AliveAt = At(alive) };
}
