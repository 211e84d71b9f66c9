using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationService.Data;
using NotificationService.Tests.Support;
using ServiceDefaults.Contracts;

namespace NotificationService.Tests;

public sealed class DeliveringMailsTests(RunningNotifications running)
{
    private readonly Person _ada = Person.New();

    [Fact]
    public async Task Send_ServerAway_TriedWithGrowingPausesThenDeliveredOnce()
    {
        var port = ScriptedMailServer.FreePort();
        await using var host = await running.StartAsync(("ConnectionStrings:mail", $"Endpoint=smtp://127.0.0.1:{port}"));
        await host.PublishAsync(_ada.Registered());
        await Eventually.Async(
            async () => (await host.QueuedAsync(_ada)) is [var queued] && queued.GetProperty("attempts").GetInt32() >= 3,
            TimeSpan.FromSeconds(20));

        using var server = new ScriptedMailServer(_ => MailServerMood.Takes, port);
        var sent = await host.WaitForStatusAsync(_ada, "sent");

        Assert.Single(server.Mails);
        var attempts = sent.GetProperty("attemptLog").EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(1, attempts.Count), attempts.Select(attempt => attempt.GetProperty("number").GetInt32()));
        Assert.All(attempts.SkipLast(1), attempt => Assert.Equal("temporary", attempt.GetProperty("outcome").GetString()));
        Assert.Equal("sent", attempts[^1].GetProperty("outcome").GetString());

        // With half of it random, the third pause is at least as long as the first: 4 × 1/2 against 1.
        var starts = attempts.ConvertAll(attempt => attempt.GetProperty("startedAt").GetDateTimeOffset());
        Assert.True(starts[1] - starts[0] >= TimeSpan.FromMilliseconds(100), "no pause before the second attempt");
        Assert.True(starts[2] - starts[1] >= TimeSpan.FromMilliseconds(200), "no longer pause before the third attempt");
    }

    [Theory]
    [InlineData(MailServerMood.RefusesRecipient, 550, "No such mailbox here")]
    [InlineData(MailServerMood.RefusesContent, 554, "Looks like spam")]
    public async Task Send_RefusedForGood_DeadAtOnceWithReasonAndAudited(MailServerMood mood, int code, string reason)
    {
        using var server = new ScriptedMailServer(_ => mood);
        await using var host = await running.StartAsync(server.Setting);
        var audit = await HeardAudit.OfAsync(host.Services);
        await host.PublishAsync(_ada.Registered());

        var dead = await host.WaitForStatusAsync(_ada, "dead");

        var attempt = Assert.Single(dead.GetProperty("attemptLog").EnumerateArray());
        Assert.Equal("permanent", attempt.GetProperty("outcome").GetString());
        Assert.Equal(code, attempt.GetProperty("code").GetInt32());
        Assert.Contains(reason, attempt.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(reason, dead.GetProperty("notification").GetProperty("reason").GetString(), StringComparison.Ordinal);
        var told = await audit.WaitForAsync("notification.failed", dead.GetProperty("notification").GetProperty("id").GetString()!);
        Assert.Equal((AuditResult.Failure, AuditSeverity.Warning, _ada.Tenant), (told.Result, told.Severity, told.Envelope.TenantId));
        Assert.DoesNotContain(_ada.Email, JsonSerializer.Serialize(told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MailServerMood.IsBusy)]
    [InlineData(MailServerMood.WantsSignIn)]
    [InlineData(MailServerMood.FallsSilent)]
    public async Task Send_RefusedForNow_TriedAgainUnderTheSameMessageId(MailServerMood mood)
    {
        using var server = new ScriptedMailServer(session => session == 1 ? mood : MailServerMood.Takes);
        await using var host = await running.StartAsync(server.Setting, ("Delivery:Timeout", "00:00:01"));
        var audit = await HeardAudit.OfAsync(host.Services);
        await host.PublishAsync(_ada.Registered());

        var sent = await host.WaitForStatusAsync(_ada, "sent");

        Assert.Equal(
            ["temporary", "sent"],
            sent.GetProperty("attemptLog").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString()!));
        Assert.Equal(mood == MailServerMood.FallsSilent ? 2 : 1, server.Mails.Count);
        Assert.Single(server.Mails.Select(ScriptedMailServer.MessageIdOf).Distinct(StringComparer.Ordinal));
        var told = await audit.WaitForAsync("notification.sent", sent.GetProperty("notification").GetProperty("id").GetString()!);
        Assert.Equal("2", told.Detail!["attempts"]);
    }

    [Fact]
    public async Task Send_AttemptsUsedUp_DeadUntilAnAdministratorRetries()
    {
        using var server = new ScriptedMailServer(_ => MailServerMood.IsBusy);
        await using var host = await running.StartAsync(server.Setting, ("Delivery:MostAttempts", "2"));
        var audit = await HeardAudit.OfAsync(host.Services);
        await host.PublishAsync(_ada.Registered());
        var dead = await host.WaitForStatusAsync(_ada, "dead");
        Assert.Equal(2, dead.GetProperty("notification").GetProperty("attempts").GetInt32());
        var id = dead.GetProperty("notification").GetProperty("id").GetString()!;

        server.Mood = _ => MailServerMood.Takes;
        using var administrator = host.VisitAsAdministrator(_ada.Tenant);
        using var retried = await administrator.PostAsync($"/api/v1/notifications/queue/{id}/retry", null);
        Assert.Equal(HttpStatusCode.OK, retried.StatusCode);

        await host.WaitForStatusAsync(_ada, "sent");
        Assert.Single(server.Mails);
        var told = await audit.WaitForAsync("notification.retried", id);
        Assert.Equal(ActorKind.User, told.Envelope.Actor.Kind);

        using var again = await administrator.PostAsync($"/api/v1/notifications/queue/{id}/retry", null);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("notification_not_retryable", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Cancel_WaitingForItsNextAttempt_IsNeverSent()
    {
        using var server = new ScriptedMailServer(_ => MailServerMood.IsBusy);
        await using var host = await running.StartAsync(server.Setting, ("Delivery:FirstDelay", "00:00:02"), ("Delivery:LongestDelay", "00:00:02"));
        var audit = await HeardAudit.OfAsync(host.Services);
        await host.PublishAsync(_ada.Registered());
        var failed = await host.WaitForStatusAsync(_ada, "failed");
        var id = failed.GetProperty("notification").GetProperty("id").GetString()!;

        using var administrator = host.VisitAsAdministrator(_ada.Tenant);
        using var cancelled = await administrator.PostAsync($"/api/v1/notifications/queue/{id}/cancel", null);
        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        await audit.WaitForAsync("notification.cancelled", id);
        server.Mood = _ => MailServerMood.Takes;

        // One that was asked for after the cancelled one's turn gets through, so the dispatcher has been round since.
        var turn = failed.GetProperty("notification").GetProperty("nextAttemptAt").GetDateTimeOffset();
        var others = 0;
        await Eventually.Async(
            async () =>
            {
                var asked = TimeProvider.System.GetUtcNow();
                var next = Person.New(tenant: _ada.Tenant);
                await host.PublishAsync(next.Registered());
                await host.WaitForStatusAsync(next, "sent");
                others++;
                return asked > turn;
            },
            TimeSpan.FromSeconds(20));
        Assert.Equal(others, server.Mails.Count);
        using var again = await administrator.PostAsync($"/api/v1/notifications/queue/{id}/cancel", null);
        Assert.Equal("notification_not_cancellable", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Send_TwoReplicas_EachMailOnce()
    {
        using var server = new ScriptedMailServer(_ => MailServerMood.Takes);
        await using var one = await running.StartAsync(server.Setting);
        await using var two = new NotificationHost(running.Tokens, one.Settings);
        await two.StartAsync();
        var people = Enumerable.Range(0, 100).Select(_ => Person.New()).ToList();

        await Task.WhenAll(people.Select(person => one.PublishAsync(person.Registered())));

        await Eventually.Async(() => server.Mails.Count >= people.Count, TimeSpan.FromSeconds(30));
        await Task.WhenAll(people.Select(person => one.WaitForStatusAsync(person, "sent")));
        Assert.Equal(people.Count, server.Mails.Select(ScriptedMailServer.MessageIdOf).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(people.Count, server.Mails.Count);
    }

    [Fact]
    public async Task Kill_WhileSending_AnotherProcessSendsItUnderTheSameMessageId()
    {
        using var server = new ScriptedMailServer(session => session == 1 ? MailServerMood.FallsSilent : MailServerMood.Takes);
        await using var host = await running.StartAsync(server.Setting, ("Delivery:Lease", "00:00:25"), ("Delivery:Timeout", "00:00:04"));
        await host.DisposeAsync();
        using (var process = ServiceProcess.Start(typeof(NotificationDbContext).Assembly, host.Settings))
        {
            await using var publisher = await PublisherAsync(host.Settings["ConnectionStrings:messaging"]!);
            await publisher.PublishAsync(_ada.Registered());
            await Eventually.Async(() => server.Mails.Count == 1, TimeSpan.FromSeconds(20), $"no mail came: {process.Output}");
            await process.KillAsync();
        }

        // In place of waiting for the lease to run out.
        await ExecuteAsync(host, "UPDATE notifications SET due_at = now() WHERE status = 'sending'");
        await using var successor = new NotificationHost(running.Tokens, host.Settings);
        await successor.StartAsync();

        var sent = await successor.WaitForStatusAsync(_ada, "sent");
        Assert.Equal(2, sent.GetProperty("notification").GetProperty("attempts").GetInt32());
        Assert.Equal(2, server.Mails.Count);
        Assert.Single(server.Mails.Select(ScriptedMailServer.MessageIdOf).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Kill_WhileConsuming_OneMailAndOneEntry()
    {
        using var server = new ScriptedMailServer(_ => MailServerMood.Takes);
        await using var host = await running.StartAsync(server.Setting);
        await host.DisposeAsync();
        await using var database = new Npgsql.NpgsqlConnection(host.Settings["ConnectionStrings:notifydb"]);
        await database.OpenAsync();
        await using (var transaction = await database.BeginTransactionAsync())
        {
            // The consumer has written its inbox row and the mail, and now waits here with the entry.
            await using var hold = new Npgsql.NpgsqlCommand("LOCK TABLE inbox_entries IN ACCESS EXCLUSIVE MODE", database);
            await hold.ExecuteNonQueryAsync();
            using var process = ServiceProcess.Start(typeof(NotificationDbContext).Assembly, host.Settings);
            await using var publisher = await PublisherAsync(host.Settings["ConnectionStrings:messaging"]!);
            await publisher.PublishAsync(_ada.Registered());
            await Eventually.Async(() => IsWaitingAsync(host), TimeSpan.FromSeconds(20), $"the consumer did not get there: {process.Output}");
            await process.KillAsync();
        }

        await using var successor = new NotificationHost(running.Tokens, host.Settings);
        await successor.StartAsync();

        await successor.WaitForStatusAsync(_ada, "sent");
        Assert.Single(await successor.WaitForInboxAsync(_ada, 1));
        Assert.Single(server.Mails);
    }

    private static async Task<bool> IsWaitingAsync(NotificationHost host)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(host.Settings["ConnectionStrings:notifydb"]!);
        await using var command = source.CreateCommand(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO inbox_entries%')");
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NotificationHost host, string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(host.Settings["ConnectionStrings:notifydb"]!);
        await using var command = source.CreateCommand(sql);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private static Task<Publisher> PublisherAsync(string messaging) => Publisher.ConnectAsync(messaging);
}
