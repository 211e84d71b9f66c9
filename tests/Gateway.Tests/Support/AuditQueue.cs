using System.Collections.Concurrent;
using MassTransit;
using ServiceDefaults.Contracts;

namespace Gateway.Tests.Support;

/// <summary>The audit service as far as the gateway's records go: its queue, and what came.</summary>
internal sealed class AuditQueue : IAsyncDisposable
{
    private readonly IBusControl _bus;

    public AuditQueue(string messaging) => _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
    {
        rabbit.Host(new Uri(messaging));
        rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
        rabbit.ReceiveEndpoint("audit-requests-audited", endpoint =>
        {
            endpoint.ConcurrentMessageLimit = 1; // in the order of the queue
            endpoint.Handler<RequestsAudited>(context =>
            {
                Batches.Enqueue(context.Message);
                return Task.CompletedTask;
            });
            endpoint.Handler<RequestsCounted>(context =>
            {
                Counts.Enqueue(context.Message);
                return Task.CompletedTask;
            });
        });
    });

    public ConcurrentQueue<RequestsAudited> Batches { get; } = [];

    public ConcurrentQueue<RequestsCounted> Counts { get; } = [];

    /// <summary>Each once, by its id, as the audit service keeps them.</summary>
    public List<RequestRecord> Records => [.. Batches.SelectMany(batch => batch.Requests).DistinctBy(record => record.Id)];

    public Task StartAsync() => _bus.StartAsync();

    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
