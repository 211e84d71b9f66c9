using Gateway.RequestAudit;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RequestCountTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 1, 10, 0, 0, TimeSpan.Zero);

    private readonly RequestCount _count = new(At);

    [Fact]
    public void Add_MoreKeysThanOneMessageHolds_EndsTheWindowEarly()
    {
        Add([.. Enumerable.Range(0, 999).Select(static _ => Guid.CreateVersion7().ToString())]);
        Assert.False(_count.IsFull);

        Add(Guid.CreateVersion7().ToString());
        Assert.True(_count.IsFull);

        Assert.Equal(1000, Close()?.ApiKeys?.Count);
        Assert.False(_count.IsFull);
        Assert.Null(Close());
    }

    [Fact]
    public void Close_RequestsWithAndWithoutKeys_TellsEachKeyOnceWithItsLatestUse()
    {
        var key = Guid.CreateVersion7();
        Add(key.ToString(), null, key.ToString(), "no id of ours");

        var counted = Close();

        Assert.Equal(4, counted?.Success);
        Assert.Equal(new ApiKeyUse(key, 2, At.AddSeconds(2)), Assert.Single(counted?.ApiKeys ?? []));
    }

    // One a second; the first of a call is at the start of the window.
    private void Add(params string?[] keys) =>
        _count.Add(0, [.. keys.Select((key, second) => new RecordLine(0, AuditResult.Success, key, At.AddSeconds(second)))], keys.Length);

    private RequestsCounted? Close() => _count.Close(At.AddMinutes(1), "gateway-1", Guid.CreateVersion7(), 0, dropped: 0);
}
