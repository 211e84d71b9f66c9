using AuditService.Evidence;
using AuditService.Tests.Support;

namespace AuditService.Tests;

/// <summary>What somebody does to the tables who may write to all of them, and has not the log's key.</summary>
public sealed class ChangingTheLogTests(CheckedLog log) : IClassFixture<CheckedLog>, IAsyncLifetime
{
    private const string Copy =
        "INSERT INTO audit_records SELECT (jsonb_populate_record(row, jsonb_build_object('id', gen_random_uuid(), 'leaf_index', {0}))).* FROM audit_records row WHERE leaf_index = 300";

    public static TheoryData<string, string, long> Changes => new()
    {
        { "UPDATE audit_records SET actor_id = 'somebody else' WHERE leaf_index = 300", "altered", 300 },
        { "UPDATE audit_records SET after = '{\"n\":1.5000000000000001,\"text\":\"€\"}' WHERE leaf_index = 300", "altered", 300 },
        { "UPDATE audit_records SET salt = NULL, personal_digest = '\\x00', address = NULL WHERE leaf_index = 300", "altered", 300 },
        { "UPDATE audit_records SET result = 'denied' WHERE leaf_index = 649", "altered", 649 },
        { "DELETE FROM audit_records WHERE leaf_index = 0", "removed", 0 },
        { "DELETE FROM audit_records WHERE leaf_index = 300", "removed", 300 },
        { "DELETE FROM audit_records WHERE leaf_index = 649", "removed", 649 },
        { string.Format(System.Globalization.CultureInfo.InvariantCulture, Copy, 300), "added", 300 },
        { "UPDATE audit_records SET leaf_index = 509 - leaf_index WHERE leaf_index IN (9, 500)", "reordered", 9 },
        { "UPDATE audit_records SET leaf_index = 1249 - leaf_index WHERE leaf_index IN (600, 649)", "reordered", 649 },
        { "UPDATE audit_records SET leaf_index = 301 WHERE leaf_index = 300", "reordered", 301 },
    };

    /// <summary>Changes with the tree made anew to fit them, and every checkpoint in the database gone.</summary>
    public static TheoryData<string, long> Rewritings => new()
    {
        { "UPDATE audit_records SET actor_id = 'somebody else' WHERE leaf_index = 300", 300 },
        { "UPDATE audit_records SET actor_id = 'somebody else' WHERE leaf_index = 649", 649 },
        { "DELETE FROM audit_records WHERE leaf_index = 300; UPDATE audit_records SET leaf_index = leaf_index - 1 WHERE leaf_index > 300", 300 },
        { "UPDATE audit_records SET leaf_index = 1249 - leaf_index WHERE leaf_index IN (600, 649)", 600 },
    };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await log.RestoreAsync();

    [Fact]
    public async Task Log_LeftAlone_IsIntact()
    {
        var report = await log.CheckAsync();
        Assert.Empty(report.Faults);
        Assert.Equal((CheckedLog.Size, true), (report.Size, report.Intact));
        var (code, output) = await log.VerifyAsync();
        Assert.EndsWith("intact\n", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Rows_Changed_AreNamedByTheServiceAndByTheVerifier(string change, string kind, long index)
    {
        await log.ExecuteAsync(change);
        Assert.Contains((await log.CheckAsync()).Faults, fault => fault.Kind == kind && fault.From == index);
        var (code, output) = await log.VerifyAsync();
        Assert.Equal(1, code);
        Assert.Contains($"{kind}: {index}", output, StringComparison.Ordinal);
        Assert.EndsWith("NOT INTACT\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NULL")]
    [InlineData("650")]
    [InlineData("-1")]
    public async Task Row_PutThereWithoutALeaf_IsNamedByTheService(string index)
    {
        await log.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, Copy, index));
        Assert.Contains((await log.CheckAsync()).Faults, fault => fault is { Kind: "added", Record: not null });
    }

    [Theory]
    [MemberData(nameof(Rewritings))]
    public async Task RowsLeavesAndTiles_RewrittenToFit_DoNotFitWhatWasSigned(string change, long index)
    {
        await log.ExecuteAsync(change);
        await log.ExecuteAsync("DELETE FROM audit_checkpoints");
        await log.RebuildTreeAsync();
        Assert.Contains((await log.CheckAsync()).Faults, fault => fault.Kind == "rewritten" && fault.From <= index && fault.To > index);

        // The head of the newest records was signed when they were committed; it goes outside in its time.
        await Assert.ThrowsAsync<BrokenTreeException>(log.PublishAsync);
        var (code, output) = await log.VerifyAsync();
        Assert.Equal(1, code);
        Assert.Contains("rewritten: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_PutBackToAnEarlierHead_LacksWhatCameAfter()
    {
        await log.ExecuteAsync(
            $"""
            UPDATE audit_tree SET size = {CheckedLog.Published - 50}, head = (SELECT note FROM audit_checkpoints WHERE size = {CheckedLog.Published - 50});
            DELETE FROM audit_records WHERE leaf_index >= {CheckedLog.Published - 50};
            DELETE FROM audit_checkpoints WHERE size > {CheckedLog.Published - 50};
            """);
        await log.RebuildTreeAsync();
        Assert.Contains((await log.CheckAsync()).Faults, fault => fault is { Kind: "removed", From: CheckedLog.Published - 50 });
        var (code, output) = await log.VerifyAsync();
        Assert.Equal(1, code);
        Assert.Contains($"removed: {CheckedLog.Published - 50} to ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 650, 3, 500, 650)]
    [InlineData(0, 600, 3, 0, 150)]
    [InlineData(150, 600, 3, 150, 300)]
    [InlineData(120, 140, 3, 120, 140)]
    [InlineData(0, 650, 100, 0, 650)]
    public async Task Part_WithManyCheckpoints_IsCutToItsNewestAtTheEndElseToItsOldest(long from, long to, int most, long first, long end) =>
        Assert.Equal((first, end), await log.CutAsync(from, to, most));

    [Fact]
    public async Task UpperTiles_Changed_AreNoticed()
    {
        await log.ExecuteAsync("UPDATE audit_tiles SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) WHERE level = 1");
        Assert.Contains((await log.CheckAsync()).Faults, fault => fault.Kind == "rewritten");
    }

    [Fact]
    public async Task Checkpoint_ForgedInTheDatabase_IsNoticed()
    {
        await log.ExecuteAsync("UPDATE audit_checkpoints SET note = replace(note, 'time 2', 'time 1') WHERE size = 300");
        Assert.Contains((await log.CheckAsync()).Faults, fault => fault.Kind == "checkpoint");
    }

    [Fact]
    public async Task Export_WithLinesChanged_IsNotIntact()
    {
        (string Kind, Func<List<string>, IEnumerable<string>> Change)[] changes =
        [
            ("removed: 99", lines => lines.Where((_, at) => at != 100)),
            ("removed: 640 to 649", lines => lines.Take(641)),
            ("added: 99", lines => [.. lines.Take(101), lines[100], .. lines.Skip(101)]),
            ("altered: 99", lines => lines.Select((line, at) => at == 100 ? line.Replace("user.updated", "user.created", StringComparison.Ordinal) : line)),
            ("altered: 99", lines => lines.Select((line, at) => at == 100 ? line.Replace("203.0.113.7", "203.0.113.8", StringComparison.Ordinal) : line)),
            ("removed: 99", lines => [.. lines.Take(100), lines[101], lines[100], .. lines.Skip(102)]),
        ];
        foreach (var (kind, change) in changes)
        {
            var (code, output) = await log.VerifyAsync(change);
            Assert.Equal(1, code);
            Assert.Contains(kind, output, StringComparison.Ordinal);
        }
    }
}
