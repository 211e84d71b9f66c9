using System.Text;
using NotificationService.Tests.Support;

namespace NotificationService.Tests;

public sealed class WelcomingPeopleTests(RunningNotifications running)
{
    [Fact]
    public async Task Deliver_UserRegistered_OneMailWithBothBodiesAndOneInboxEntry()
    {
        var ada = Person.New("Ada & <b>Söhne</b>");
        await running.Host.PublishAsync(ada.Registered());

        var mail = await running.Servers.Mails.WaitForAsync(ada.Email);
        Assert.Equal("Welcome to Platform, Ada & <b>Söhne</b>", mail.Subject);
        Assert.Equal("no-reply@platform.example", mail.From);
        Assert.Equal([ada.Email], mail.To);
        Assert.StartsWith("Hello Ada & <b>Söhne</b>,", mail.Text, StringComparison.Ordinal);
        Assert.Contains("Hello Ada &amp; &lt;b&gt;Söhne&lt;/b&gt;,", mail.Html, StringComparison.Ordinal);
        Assert.Contains("Content-Type: multipart/alternative", mail.Raw, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Auto-Submitted: auto-generated", mail.Raw, StringComparison.Ordinal);

        var queued = await running.Host.WaitForStatusAsync(ada, "sent");
        var id = queued.GetProperty("notification").GetProperty("id").GetGuid();
        Assert.Contains($"Message-ID: <{id:N}@platform.example>", mail.Raw, StringComparison.OrdinalIgnoreCase);
        Assert.Single(queued.GetProperty("attemptLog").EnumerateArray());

        var entry = Assert.Single(await running.Host.WaitForInboxAsync(ada, 1));
        Assert.Equal("Welcome, Ada & <b>Söhne</b>", entry.GetProperty("title").GetString());
        Assert.Equal("welcome", entry.GetProperty("kind").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, entry.GetProperty("readAt").ValueKind);
    }

    [Fact]
    public async Task Deliver_SameEventManyTimes_OneMailAndOneEntry()
    {
        var ada = Person.New();
        var told = ada.Registered();
        for (var turn = 0; turn < 5; turn++)
        {
            await running.Host.PublishAsync(told);
        }

        // Behind them in the same queue.
        var next = Person.New();
        await running.Host.PublishAsync(next.Registered());
        await running.Host.WaitForStatusAsync(next, "sent");
        await running.Host.WaitForStatusAsync(ada, "sent");

        Assert.Single(await running.Servers.Mails.ToAsync(ada.Email));
        Assert.Single(await running.Host.QueuedAsync(ada));
        Assert.Single(await running.Host.InboxAsync(ada));
    }

    [Fact]
    public async Task Deliver_PasswordChanged_TellsWhenAndFromWhere()
    {
        var ada = Person.New();
        await running.Host.PublishAsync(ada.ChangedPassword("198.51.100.9"));

        var mail = await running.Servers.Mails.WaitForAsync(ada.Email);
        Assert.Equal("Your password was changed", mail.Subject);
        Assert.Contains("from 198.51.100.9", mail.Text, StringComparison.Ordinal);
        var entry = Assert.Single(await running.Host.WaitForInboxAsync(ada, 1));
        Assert.Contains("from 198.51.100.9", entry.GetProperty("body").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_NameWithLineBreaks_AddsNoHeader()
    {
        var mallory = Person.New("Mallory\r\nBcc: victim@people.example\r\nX-Evil: 1\0{{address}}");
        await running.Host.PublishAsync(mallory.Registered());

        var mail = await running.Servers.Mails.WaitForAsync(mallory.Email);
        Assert.Equal([mallory.Email], mail.To);
        Assert.DoesNotContain(mail.Raw.Split("\r\n"), line => line.StartsWith("Bcc:", StringComparison.OrdinalIgnoreCase)
            || line.StartsWith("X-Evil:", StringComparison.OrdinalIgnoreCase));

        // A value is never read as a template.
        Assert.Contains("{{address}}", mail.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a@people.example\r\nRCPT TO:<victim@people.example>")]
    [InlineData("Victim <victim@people.example>")]
    [InlineData("no address")]
    public async Task Deliver_RecipientThatIsNoAddress_IsGivenUpAtOnce(string address)
    {
        var mallory = Person.New(email: address);
        await running.Host.PublishAsync(mallory.Registered());

        using var administrator = running.Host.VisitAsAdministrator(mallory.Tenant);
        await Platform.Testing.Eventually.Async(
            async () => (await administrator.GetStringAsync("/api/v1/notifications/queue?status=dead"))
                .Contains("The recipient is not a mail address.", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20));
        Assert.Empty(await running.Servers.Mails.ToAsync("victim@people.example"));
    }

    [Fact]
    public async Task Deliver_LongNonAsciiName_ArrivesWhole()
    {
        var name = new StringBuilder().Insert(0, "Žluťoučký 🐎 ", 12).ToString().Trim();
        var rider = Person.New(name);
        await running.Host.PublishAsync(rider.Registered());

        var mail = await running.Servers.Mails.WaitForAsync(rider.Email);
        Assert.Equal($"Welcome to Platform, {name}", mail.Subject);
        Assert.Contains($"Hello {name},", System.Net.WebUtility.HtmlDecode(mail.Html), StringComparison.Ordinal);
    }
}
