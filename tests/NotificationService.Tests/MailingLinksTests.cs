using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NotificationService.Data;
using NotificationService.Tests.Support;
using ServiceDefaults.Contracts;

namespace NotificationService.Tests;

public sealed class MailingLinksTests(RunningNotifications running)
{
    private const string Link = "https://platform.test/account/reset-password?token=vQnUWBS3oc1rZgy9x8Lw7pT5hK2jD4fM6aE0iYsRbCc";

    [Theory]
    [InlineData(AccountLinkKind.VerifyEmail, "Confirm your e-mail address")]
    [InlineData(AccountLinkKind.ChangeEmail, "Confirm your new e-mail address")]
    [InlineData(AccountLinkKind.ResetPassword, "Set a new password")]
    [InlineData(AccountLinkKind.ReplacePassword, "Your password can no longer be used")]
    [InlineData(AccountLinkKind.Invitation, "You have an account")]
    public async Task Deliver_AccountLink_MailHasItAndNothingElseDoes(AccountLinkKind kind, string subject)
    {
        var ada = Person.New();
        await running.Host.PublishAsync(ada.Link(kind, RunningNotifications.SealingKey, Link));

        var mail = await running.Servers.Mails.WaitForAsync(ada.Email);
        var queued = await running.Host.WaitForStatusAsync(ada, "sent");

        Assert.Equal(subject, mail.Subject);
        Assert.Contains(Link, mail.Text, StringComparison.Ordinal);
        Assert.Contains($"href=\"{Link}\"", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("token", queued.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(await running.Host.InboxAsync(ada));
        var payload = await PayloadAsync(ada);
        Assert.DoesNotContain("sealedLink", payload.Keys);
        Assert.Contains("until", payload.Keys);
    }

    [Fact]
    public async Task Deliver_LinkSealedWithAnotherKey_IsGivenUpWithTheReason()
    {
        var ada = Person.New();
        await running.Host.PublishAsync(ada.Link(AccountLinkKind.ResetPassword, "another key, of forty-seven other herons", Link));

        var queued = await running.Host.WaitForStatusAsync(ada, "dead");

        Assert.Contains("Sealing:Key", queued.GetProperty("notification").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(await running.Servers.Mails.ToAsync(ada.Email));
    }

    [Fact]
    public async Task Deliver_EmailChanged_TellsTheFormerAddress()
    {
        var ada = Person.New();
        await running.Host.PublishAsync(ada.ChangedEmail("new@people.example"));

        var mail = await running.Servers.Mails.WaitForAsync(ada.Email);

        Assert.Equal("Your account has another e-mail address", mail.Subject);
        Assert.Contains("has the address new@people.example", mail.Text, StringComparison.Ordinal);
        Assert.Empty(await running.Servers.Mails.ToAsync("new@people.example"));
    }

    [Fact]
    public async Task Erase_UserDeleted_InboxAndAddressesAreGoneAndOthersStay()
    {
        var (ada, other) = (Person.New(), Person.New());
        await running.Host.PublishAsync(ada.Registered());
        await running.Host.PublishAsync(other.Registered());
        await running.Host.WaitForInboxAsync(ada, 1);
        await running.Host.WaitForStatusAsync(ada, "sent");
        await running.Host.WaitForInboxAsync(other, 1);

        await running.Host.PublishAsync(ada.Deleted());

        await Platform.Testing.Eventually.Async(
            async () => (await running.Host.InboxAsync(ada)).Length == 0 && (await running.Host.QueuedAsync(ada)).Length == 0,
            TimeSpan.FromSeconds(20),
            "the deleted person is still known");
        Assert.Empty(await PayloadAsync(ada));
        Assert.Single(await running.Host.InboxAsync(other));
    }

    private async Task<Dictionary<string, string>> PayloadAsync(Person person)
    {
        await using var scope = running.Host.Services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<NotificationDbContext>();
        return (await database.Notifications.IgnoreQueryFilters().AsNoTracking().SingleAsync(row => row.UserId == person.Id)).Payload;
    }
}
