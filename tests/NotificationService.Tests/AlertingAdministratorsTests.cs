using NotificationService.Tests.Support;
using ServiceDefaults.Contracts;

namespace NotificationService.Tests;

/// <summary>What is wrong with the platform reaches those who run it.</summary>
public sealed class AlertingAdministratorsTests(RunningNotifications running)
{
    [Fact]
    public async Task Deliver_GapOfTheAuditLogAndItsClosing_OneMailEachToEveryRecipient()
    {
        var (ada, bob) = ($"{Person.NewId():N}@people.example", $"{Person.NewId():N}@people.example");
        await using var host = await running.StartAsync(("Alerts:Recipients:0", ada), ("Alerts:Recipients:1", bob));
        var now = TimeProvider.System.GetUtcNow();
        var found = new AuditGapFound(Envelope(now), "gateway-7", Person.NewId(), now.AddMinutes(-3), now.AddMinutes(-2), 1, 41, 2, 0);
        await host.PublishAsync(found);
        await host.PublishAsync(found);
        await host.PublishAsync(new AuditGapClosed(Envelope(now), "gateway-7", found.Run, found.From, found.To, 1));

        foreach (var recipient in new[] { ada, bob })
        {
            await Platform.Testing.Eventually.Async(
                async () => (await running.Servers.Mails.ToAsync(recipient)).Count >= 2, TimeSpan.FromSeconds(60), "the alerts did not come");
            var mails = await running.Servers.Mails.ToAsync(recipient);
            Assert.Equal(
                ["Requests are missing in the audit log", "The audit log is complete again"],
                mails.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
            var alert = mails.Single(mail => mail.Subject.StartsWith("Requests", StringComparison.Ordinal));
            Assert.Contains("gateway-7", alert.Text, StringComparison.Ordinal);
            Assert.Contains("41 records", alert.Text, StringComparison.Ordinal);
        }
    }

    private static EventEnvelope Envelope(DateTimeOffset now) =>
        new(Person.NewId(), now, Tenants.Default, Actor.System("audit"), null, null, null, null);
}
