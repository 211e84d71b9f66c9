using IdentityService.Grouping;

namespace IdentityService.Tests;

public sealed class GroupedTests
{
    private readonly List<IReadOnlyList<int>> _groups = [];
    private readonly SemaphoreSlim _may = new(0);
    private readonly Grouped<int, int> _grouped;
    private Exception? _fault;

    public GroupedTests() => _grouped = new Grouped<int, int>(async asked =>
    {
        _groups.Add(asked);
        await _may.WaitAsync(TestContext.Current.CancellationToken);
        return _fault is null ? [.. asked.Select(static one => 10 * one)] : throw _fault;
    });

    [Fact]
    public async Task Ask_WhileAGroupIsAtWork_MakesUpTheNextOne()
    {
        var asked = Enumerable.Range(1, 4).Select(one => AskAsync(one)).ToList();

        _may.Release(2);

        Assert.Equal(new[] { 10, 20, 30, 40 }, await Task.WhenAll(asked));
        Assert.Equal([[1], [2, 3, 4]], _groups);
    }

    [Fact]
    public async Task Ask_MoreThanAGroupHolds_AnswersAll()
    {
        var asked = Enumerable.Range(1, 300).Select(one => AskAsync(one)).ToList();

        _may.Release(10);

        Assert.Equal(Enumerable.Range(1, 300).Select(static one => 10 * one), await Task.WhenAll(asked));
        Assert.All(_groups, static group => Assert.InRange(group.Count, 1, 128));
    }

    [Fact]
    public async Task Ask_WorkFails_TellsEveryoneOfTheGroupAndGoesOn()
    {
        _fault = new InvalidOperationException("away");
        var failing = Enumerable.Range(1, 3).Select(one => AskAsync(one)).ToList();
        _may.Release(2);
        foreach (var one in failing)
        {
            Assert.Same(_fault, await Assert.ThrowsAsync<InvalidOperationException>(() => one));
        }

        _fault = null;
        _may.Release();

        Assert.Equal(70, await AskAsync(7));
    }

    [Fact]
    public async Task Ask_OneHangsUp_TheOthersAreAnswered()
    {
        using var gone = new CancellationTokenSource();
        var (first, second, third) = (AskAsync(1), _grouped.AskAsync(2, gone.Token), AskAsync(3));

        await gone.CancelAsync();
        _may.Release(2);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(new[] { 10, 30 }, await Task.WhenAll(first, third));
    }

    private Task<int> AskAsync(int one) => _grouped.AskAsync(one, TestContext.Current.CancellationToken);
}
