using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace NotificationService.Tests.Support;

/// <summary>The audit records that a service sent over the bus.</summary>
internal sealed class HeardAudit
{
    private readonly ConcurrentQueue<AuditRecorded> _records = new();

    public static async Task<HeardAudit> OfAsync(IServiceProvider services)
    {
        var heard = new HeardAudit();
        var endpoint = services.GetRequiredService<IBus>().ConnectReceiveEndpoint(
            "heard-audit",
            queue => queue.Handler<AuditRecorded>(context =>
            {
                heard._records.Enqueue(context.Message);
                return Task.CompletedTask;
            }));
        await endpoint.Ready;
        return heard;
    }

    public async Task<AuditRecorded> WaitForAsync(string action, string resource)
    {
        AuditRecorded? found = null;
        await Eventually.Async(
            () => (found = _records.FirstOrDefault(record => record.Action == action && record.ResourceId == resource)) is not null,
            TimeSpan.FromSeconds(20),
            $"no {action} for {resource}; heard {string.Join(", ", _records.Select(record => record.Action))}");
        return found!;
    }
}
