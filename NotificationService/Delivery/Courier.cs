using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NotificationService.Data;
using NotificationService.Queue;
using NotificationService.Templates;
using Npgsql;
using ServiceDefaults.Data;
using ServiceDefaults.Messaging;

namespace NotificationService.Delivery;

/// <summary>One attempt: fill in the template, hand over the mail, write down what came of it.</summary>
internal sealed partial class Courier(
    IServiceScopeFactory scopes,
    TemplateCatalogue templates,
    SealedValues values,
    MailSender mail,
    NotificationMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<Courier> logger)
{
    public async Task DeliverAsync(Notification notification, CancellationToken cancellationToken)
    {
        var origin = ActivityContext.TryParse(notification.TraceParent, null, isRemote: true, out var cause) ? cause : default;
        using var activity = NotificationMetrics.Source.StartActivity("send notification", ActivityKind.Producer, origin);
        activity?.SetTag("platform.notification.kind", notification.Kind);
        activity?.SetTag("platform.notification.attempt", notification.Attempts);

        var startedAt = time.GetUtcNow();
        var start = time.GetTimestamp();
        var outcome = await SendAsync(notification, cancellationToken);
        var duration = time.GetElapsedTime(start);

        Apply(notification, outcome);
        activity?.SetStatus(outcome.Kind == MailOutcomeKind.Sent ? ActivityStatusCode.Unset : ActivityStatusCode.Error, outcome.Reason);
        metrics.Attempted(notification, outcome, duration, time.GetUtcNow());
        LogAttempt(logger, notification.Id, notification.Kind, notification.Attempts, outcome.Kind, outcome.Code, duration.TotalMilliseconds, outcome.Reason);
        await RecordAsync(notification, outcome, startedAt, duration, cancellationToken);
    }

    private async Task<MailOutcome> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (notification.Attempts > notification.AttemptsAllowed)
        {
            // Claimed again and again by processes that ended before they could say why.
            return MailOutcome.Permanent("Every attempt allowed was begun, and the last of them has no known end.");
        }

        try
        {
            return await mail.SendAsync(notification, templates.Mail(notification.Kind).Render(values.Open(notification)), cancellationToken);
        }
        catch (TemplateException fault)
        {
            return MailOutcome.Permanent(fault.Message);
        }
    }

    private void Apply(Notification notification, MailOutcome outcome)
    {
        var now = time.GetUtcNow();
        switch (outcome.Kind)
        {
            case MailOutcomeKind.Sent:
                notification.Sent(now);
                break;
            case MailOutcomeKind.Temporary:
                notification.Failed(outcome.Reason!, now + RetryDelay.After(notification.Attempts, options.Value, Random.Shared));
                break;
            default:
                notification.GiveUp(outcome.Reason!);
                break;
        }
    }

    /// <summary>Does not give up soon: an outcome that is not written down is a mail that is sent twice.</summary>
    private async Task RecordAsync(
        Notification notification, MailOutcome outcome, DateTimeOffset startedAt, TimeSpan duration, CancellationToken cancellationToken)
    {
        var attempt = new DeliveryAttempt
        {
            Id = Guid.CreateVersion7(startedAt),
            NotificationId = notification.Id,
            Number = notification.Attempts,
            StartedAt = startedAt,
            DurationMs = duration.TotalMilliseconds,
            Outcome = outcome.Kind.ToString().ToLowerInvariant(),
            Code = outcome.Code,
            Reason = outcome.Reason,
        };
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await SaveAsync(notification, attempt, duration, cancellationToken);
                return;
            }
            catch (Exception fault) when (IsOutage(fault) && time.GetElapsedTime(began) < DeliveryOptions.TimeToRecord)
            {
                LogNotRecorded(logger, notification.Id, fault.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellationToken);
            }
        }
    }

    private async Task SaveAsync(
        Notification notification, DeliveryAttempt attempt, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().Enter(notification.TenantId);
        var database = scope.ServiceProvider.GetRequiredService<NotificationDbContext>();
        database.Notifications.Update(notification);
        database.Attempts.Add(attempt);
        if (QueueAudit.Ended(notification, time.GetUtcNow(), duration) is { } ended)
        {
            database.AddEvent(ended, notification.Id);
        }

        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // The lease had ended and another process has it now; that one decides, but the attempt was made.
            LogLeaseLost(logger, notification.Id, notification.Attempts);
            database.ChangeTracker.Clear();
            database.Attempts.Add(attempt);
            await database.SaveChangesAsync(cancellationToken);
        }
    }

    private static bool IsOutage(Exception fault) =>
        fault is NpgsqlException { IsTransient: true } or TimeoutException
        || fault.InnerException is NpgsqlException { IsTransient: true };

    [LoggerMessage(1, LogLevel.Information, "Notification {NotificationId} ({Kind}), attempt {Attempt}: {Outcome} {Code} in {Milliseconds} ms {Reason}")]
    private static partial void LogAttempt(
        ILogger logger, Guid notificationId, string kind, int attempt, MailOutcomeKind outcome, int? code, double milliseconds, string? reason);

    [LoggerMessage(2, LogLevel.Warning, "The outcome for notification {NotificationId} cannot be written; trying again: {Reason}")]
    private static partial void LogNotRecorded(ILogger logger, Guid notificationId, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Attempt {Attempt} of notification {NotificationId} took longer than its lease")]
    private static partial void LogLeaseLost(ILogger logger, Guid notificationId, int attempt);
}
