using System.Globalization;
using System.Security.Cryptography;
using AuditService.Evidence;
using Microsoft.Extensions.Options;

namespace AuditService.Tests;

/// <summary>Of a folder of many days only those are read that are asked for, and none is missed.</summary>
public sealed class ReadingCheckpointsTests : IDisposable
{
    private const int Days = 30;
    private const int Daily = 40;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("audit-checkpoints-");
    private readonly NoteKey _key = new("platform/audit", ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private readonly DateTimeOffset _begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly CheckpointFolder _checkpoints;

    public ReadingCheckpointsTests()
    {
        _checkpoints = new(Options.Create(new EvidenceOptions { CheckpointFolder = _folder.FullName }));
        for (var day = 0; day < Days; day++)
        {
            for (var number = 0; number < Daily; number++)
            {
                Append((day * 1000) + number, day);
            }
        }
    }

    [Theory]
    [InlineData(0, long.MaxValue, Days * Daily)]
    [InlineData(5000, 5039, Daily)]
    [InlineData(5039, 7000, Daily + 2)]
    [InlineData(5040, 5999, 0)]
    [InlineData(29_020, long.MaxValue, 20)]
    public void Read_Sizes_AllOfThemAndNoOther(long from, long to, int count)
    {
        var read = _checkpoints.Read(_key, from, to);
        Assert.Equal(count, read.Count);
        Assert.All(read, checkpoint => Assert.InRange(checkpoint.Size, from, to));
        Assert.Equal(read.OrderBy(checkpoint => checkpoint.Size), read);
    }

    [Fact]
    public void Read_DaysThatAreNotAskedFor_AreNotOpenedButForTheirEnds()
    {
        // What stands in the middle of another day would count if it were read.
        Splice(12, 20, Signed(20_555));
        Assert.Empty(_checkpoints.Read(_key, 20_500, 20_600));
        Splice(20, 20, Signed(20_555));
        Append(20_999, 20);
        Assert.Equal([20_555], _checkpoints.Read(_key, 20_500, 20_600).Select(checkpoint => checkpoint.Size));
    }

    [Fact]
    public void Last_AfterTheClockWentBackAndAFileWasForged_IsTheLargestSigned()
    {
        Assert.Equal(29_039, _checkpoints.Last(_key)!.Size);
        Append(29_500, 3); // into an older day's file
        Assert.Equal(29_500, _checkpoints.Last(_key)!.Size);
        Assert.Equal([29_500], _checkpoints.Read(_key, 29_400, 30_000).Select(checkpoint => checkpoint.Size));

        using var other = new NoteKey("platform/audit", ECDsa.Create(ECCurve.NamedCurves.nistP256));
        _checkpoints.Append(new Checkpoint("platform/audit", 99_000, MerkleHash.Empty(), _begin).Sign(other), _begin.AddDays(60));
        Assert.Equal(29_500, _checkpoints.Last(_key)!.Size);
    }

    [Fact]
    public void Last_OfAFileWithTornEnds_IsFoundInItsMiddle()
    {
        Append(40_000, 40);
        var path = PathOf(40);
        File.WriteAllText(path, new string('x', 10_000) + "\n---\n" + File.ReadAllText(path) + new string('x', 10_000));
        Assert.Equal(40_000, _checkpoints.Last(_key)!.Size);
        Assert.Equal([40_000], _checkpoints.Read(_key, 39_000, 41_000).Select(checkpoint => checkpoint.Size));
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Signed(long size) => new Checkpoint("platform/audit", size, MerkleHash.Empty(), _begin).Sign(_key);

    private void Append(long size, int day) => _checkpoints.Append(Signed(size), _begin.AddDays(day));

    private string PathOf(int day) => Path.Combine(_folder.FullName, _begin.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + ".checkpoints");

    private void Splice(int day, int at, string note)
    {
        var notes = File.ReadAllText(PathOf(day)).Split(CheckpointFolder.Divider, StringSplitOptions.RemoveEmptyEntries).ToList();
        notes.Insert(at, note);
        File.WriteAllText(PathOf(day), string.Concat(notes.Select(one => one + CheckpointFolder.Divider)));
    }
}
