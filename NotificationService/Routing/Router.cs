using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NotificationService.Data;
using NotificationService.Delivery;
using NotificationService.Queue;
using NotificationService.Templates;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Who is to hear of it.</summary>
/// <param name="UserId">The account; null for an address that belongs to none, which has no inbox.</param>
/// <param name="Name">To greet them by.</param>
/// <param name="Email">Where mail goes.</param>
internal sealed record Addressee(Guid? UserId, string Name, string Email)
{
    /// <summary>Tells one from another in the keys of rows.</summary>
    public string Key => UserId?.ToString("N") ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Email.ToLowerInvariant())))[..32];
}

/// <summary>
/// Writes the rows that a rule asks for, in the consumer's transaction. The key made of event, channel and person is
/// unique in the database, so an event that comes again, even after the inbox has forgotten it, makes no second mail.
/// </summary>
internal sealed class Router(
    NotificationDbContext database,
    TemplateCatalogue templates,
    IOptions<RoutingOptions> routing,
    IOptions<DeliveryOptions> delivery,
    NotificationMetrics metrics,
    TimeProvider time)
{
    public async Task RouteAsync(
        Rule rule, EventEnvelope cause, Addressee to, IReadOnlyDictionary<string, string> facts, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string>(facts, StringComparer.Ordinal) { ["userName"] = to.Name }
            .ToDictionary(fact => fact.Key, fact => PlainText.Of(fact.Value), StringComparer.Ordinal);
        foreach (var channel in routing.Value.Channels.GetValueOrDefault(rule.Kind) ?? rule.Channels)
        {
            var key = $"{cause.Id:N}:{channel}:{to.Key}";
            var rows = channel == Channel.Inbox
                ? await ToInboxAsync(rule, cause, to, values, key, cancellationToken)
                : await ToQueueAsync(rule, cause, to, values, key, cancellationToken);
            metrics.Routed(rule.Kind, channel, rows > 0);
        }
    }

    private Task<int> ToQueueAsync(
        Rule rule, EventEnvelope cause, Addressee to, Dictionary<string, string> values, string key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO notifications (
                id, tenant_id, user_id, kind, channel, recipient, recipient_name, payload, status, attempts, attempts_allowed,
                due_at, created_at, dedupe_key, trace_parent)
            VALUES (
                {Guid.CreateVersion7(now)}, {cause.TenantId}, {to.UserId}, {rule.Kind}, 'email', {PlainText.Of(to.Email)},
                {PlainText.Of(to.Name)}, {JsonSerializer.Serialize(values)}::jsonb, {NotificationStatus.Pending.Text()}, 0,
                {delivery.Value.MostAttempts}, {now}, {now}, {key}, {Activity.Current?.Id})
            ON CONFLICT (dedupe_key) DO NOTHING
            """,
            cancellationToken);
    }

    private Task<int> ToInboxAsync(
        Rule rule, EventEnvelope cause, Addressee to, Dictionary<string, string> values, string key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var entry = templates.Inbox(rule.Kind).Render(values);
        return database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO inbox_entries (id, tenant_id, user_id, kind, title, body, created_at, dedupe_key)
            VALUES ({Guid.CreateVersion7(now)}, {cause.TenantId}, {to.UserId}, {rule.Kind}, {entry.Title}, {entry.Body}, {now}, {key})
            ON CONFLICT (dedupe_key) DO NOTHING
            """,
            cancellationToken);
    }
}
