using System.Security.Cryptography;
using AuditService.Evidence;

namespace AuditService.Tests;

public sealed class CheckpointNoteTests : IDisposable
{
    private readonly NoteKey _key = new("example.com/log", ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private readonly Checkpoint _checkpoint = new("example.com/log", 42, MerkleHash.Empty(), DateTimeOffset.UnixEpoch.AddMicroseconds(1));

    public void Dispose() => _key.Dispose();

    [Fact]
    public void Note_Signed_HasTheFormOfTheSpecification()
    {
        var lines = _checkpoint.Sign(_key).Split('\n');
        Assert.Equal(
            ["example.com/log", "42", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "time 1970-01-01T00:00:00.000001Z", ""], lines[..5]);
        Assert.StartsWith("— example.com/log ", lines[5], StringComparison.Ordinal);
        Assert.Equal(_key.Id, Convert.FromBase64String(lines[5].Split(' ')[2])[..4]);
        Assert.Equal("", lines[6]);
    }

    [Fact]
    public void Note_OpenedWithThePublishedKey_IsTheCheckpoint()
    {
        using var published = NoteKey.Parse(_key.Text);
        var opened = Checkpoint.Open(_checkpoint.Sign(_key), published)!;
        Assert.Equal((_checkpoint.Origin, _checkpoint.Size, _checkpoint.At), (opened.Origin, opened.Size, opened.At));
        Assert.Equal(_checkpoint.Root, opened.Root);
    }

    [Theory]
    [InlineData("\n42\n", "\n43\n")]
    [InlineData("47DE", "47DF")]
    [InlineData("example.com/log\n42", "example.com/lag\n42")]
    [InlineData("1970", "1971")]
    [InlineData("— example.com/log", "— example.com/lag")]
    [InlineData("— ", "- ")]
    public void Note_Altered_IsRefused(string from, string to) =>
        Assert.Null(Checkpoint.Open(_checkpoint.Sign(_key).Replace(from, to, StringComparison.Ordinal), _key));

    [Fact]
    public void Note_SignedByAnotherKeyOfTheName_IsRefused()
    {
        using var other = new NoteKey(_key.Name, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        Assert.Null(Checkpoint.Open(_checkpoint.Sign(other), _key));
    }

    [Theory]
    [InlineData("000", 0, 256)]
    [InlineData("x001/x234/067", 1_234_067, 256)]
    [InlineData("x001/234.p/17", 1_234, 17)]
    public void TilePath_OfTheSpecification_IsRead(string path, long number, int width) => Assert.Equal((number, width), ShowTile.Parse(path));

    [Theory]
    [InlineData("1")]
    [InlineData("001/234")]
    [InlineData("x001")]
    [InlineData("000.p/0")]
    [InlineData("000.p/256")]
    [InlineData("x001/x001/x001/x001/x001/x001/001")]
    public void TilePath_OfAnotherForm_IsRefused(string path) => Assert.Null(ShowTile.Parse(path));
}
