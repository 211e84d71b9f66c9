using EndToEnd.Tests.Support;
using Platform.LocalEngine.Mail;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace EndToEnd.Tests;

public sealed class WelcomingPeopleTests(RunningPlatform platform)
{
    [Fact]
    public async Task Register_NewPerson_GetsOneMailOverSmtpAndOneInboxEntry()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        await person.SignInAsync();

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var mail = await platform.App.Mailbox().WaitForAsync(person.Email, IsWelcome, deadline.Token);
        Assert.Contains(person.UserName, mail.Text, StringComparison.Ordinal);
        Assert.Contains(person.UserName, mail.Html, StringComparison.Ordinal);

        await Eventually.Async(
            async () => (await person.GetAsync("/api/v1/notifications")).GetProperty("items").GetArrayLength() == 1,
            TimeSpan.FromMinutes(1));
        Assert.Single(platform.App.Mailbox().Mails, caught => caught.To.Contains(person.Email, StringComparer.Ordinal) && IsWelcome(caught));
    }

    private static bool IsWelcome(CaughtMail mail) => mail.Subject.StartsWith("Welcome", StringComparison.Ordinal);

    [Fact]
    public async Task ReadInbox_OfAnotherPerson_ShowsNothingOfIt()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        await person.SignInAsync();
        await Eventually.Async(
            async () => (await person.GetAsync("/api/v1/notifications")).GetProperty("items").GetArrayLength() == 1,
            TimeSpan.FromSeconds(20));
        var entry = (await person.GetAsync("/api/v1/notifications")).GetProperty("items")[0].GetProperty("id").GetString();

        using var other = platform.Visit();
        await other.RegisterAsync();
        await other.SignInAsync();
        using var answer = await other.Http.GetAsync($"/api/v1/notifications/{entry}");
        Assert.Equal("not_found", await PlatformClient.ProblemAsync(answer, System.Net.HttpStatusCode.NotFound));
    }
}
