using ServiceDefaults.Paging;

namespace ServiceDefaults.Tests.Paging;

public sealed class CursorTests
{
    private static readonly Cursor Sample = new(
        new DateTimeOffset(2026, 11, 21, 3, 4, 5, 678, TimeSpan.Zero), new Guid("0197a1b2-0000-7000-8000-000000000001"));

    [Fact]
    public void Parse_OwnText_GivesTheSamePlace()
    {
        Assert.True(Cursor.TryParse(Sample.ToString(), out var read));
        Assert.Equal(Sample, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("********************************")]
    [InlineData("____________AAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Parse_ForeignText_Refuses(string? text) => Assert.False(Cursor.TryParse(text, out _));

    [Fact]
    public void Cut_OneRowMoreThanAsked_GivesTheLastShownAsCursor()
    {
        var page = Page<int>.From([1, 2, 3], 2, row => $"after {row}");

        Assert.Equal([1, 2], page.Items);
        Assert.Equal("after 2", page.NextCursor);
    }

    [Fact]
    public void Cut_NoMoreThanAsked_HasNoCursor() => Assert.Null(Page<int>.From([1, 2], 2, row => $"{row}").NextCursor);
}
