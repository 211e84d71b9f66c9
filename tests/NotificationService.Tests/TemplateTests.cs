using NotificationService.Delivery;
using NotificationService.Routing;
using NotificationService.Templates;

namespace NotificationService.Tests;

public sealed class TemplateTests
{
    private static readonly Dictionary<string, string> Values = new(StringComparer.Ordinal)
    {
        ["userName"] = "<script>alert('x')</script>{{time}}",
        ["time"] = "now",
        ["address"] = "here",
        ["email"] = "new@people.example",
        ["link"] = "https://platform.test/account?token=x",
        ["until"] = "{{time}}",
        ["gateway"] = "gateway-1",
        ["from"] = "then",
        ["missing"] = "1",
        ["dropped"] = "2",
        ["countsLost"] = "3",
    };

    public static TheoryData<string> Kinds => [.. Rules.All.Select(rule => rule.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Render_EveryKind_IsFilledInAndEscaped(string kind)
    {
        var templates = new TemplateCatalogue();
        var mail = templates.Mail(kind).Render(Values);

        Assert.All([mail.Subject, mail.Text], text => Assert.NotEmpty(text));
        if (Rules.All.Single(rule => rule.Kind == kind).Channels.Contains(Channel.Inbox))
        {
            var inbox = templates.Inbox(kind).Render(Values);
            Assert.All([inbox.Title, inbox.Body], text => Assert.NotEmpty(text));
        }

        Assert.StartsWith("<!doctype html>", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", mail.Html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", mail.Html, StringComparison.Ordinal);
        Assert.Contains("{{time}}", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mail.Subject);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Render_ValueMissing_ThrowsAndSaysWhich(string kind)
    {
        var fault = Assert.Throws<TemplateException>(() =>
            new TemplateCatalogue().Mail(kind).Render(new Dictionary<string, string>(StringComparer.Ordinal)));
        Assert.Matches("'(userName|time)'", fault.Message);
    }

    [Theory]
    [InlineData("a\r\nb\0c\u2028d\u0085e", "a  b c d e")]
    public void PlainText_AnyText_IsOneLine(string text, string line) => Assert.Equal(line, PlainText.Of(text));

    // Not as inline data: the test framework writes that down as UTF-8, which has no half pairs.
    [Fact]
    public void PlainText_HalfASurrogatePair_IsASpace() => Assert.Equal("half   pair", PlainText.Of("half \ud800 pair"));

    [Fact]
    public void PlainText_LongText_IsCutBetweenCharacters()
    {
        var cut = PlainText.Of(string.Concat("x", string.Concat(Enumerable.Repeat("🐎", 400))));
        Assert.Equal(499, cut.Length);
        Assert.EndsWith("🐎", cut, StringComparison.Ordinal);
    }

    [Fact]
    public void RetryDelay_AttemptAfterAttempt_GrowsToItsLimitWithHalfOfItRandom()
    {
        var options = new DeliveryOptions { FirstDelay = TimeSpan.FromSeconds(5), LongestDelay = TimeSpan.FromHours(1) };
        foreach (var (attempts, full) in new[] { (1, 5.0), (2, 10.0), (5, 80.0), (11, 3600.0), (1000, 3600.0) })
        {
            var delays = Enumerable.Range(0, 200).Select(_ => RetryDelay.After(attempts, options, Random.Shared).TotalSeconds).ToList();
            Assert.All(delays, delay => Assert.InRange(delay, full / 2, full));
            Assert.True(delays.Max() - delays.Min() > full / 4, "the delays are not spread");
        }
    }
}
