using System.Globalization;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;
using ServiceDefaults.Messaging;

namespace Delivery.Courier;

/// <summary>
/// <c>Delivery serve</c>: a service with outbox and inbox as any other's, and places at which it can be made to die. As
/// sender it commits operations with their events; as receiver it applies them.
/// </summary>
internal static class CourierService
{
    public const string Receiver = "receiver";
    public const string Sender = "sender";

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var sabotage = Enum.Parse<Sabotage>(builder.Configuration["Courier:Sabotage"] ?? nameof(Sabotage.None));
        var receives = builder.Configuration["Courier:Role"] == Receiver;
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Seams>();
        builder.Services.AddSingleton(new CourierWay(sabotage, builder.Configuration.GetValue<bool>("Courier:Audited")));
        builder.AddNpgsqlDataSource("deliverydb");
        builder.Services.AddScoped<TenantScope>();
        builder.Services.AddDbContext<DeliveryContext>((services, options) => options
            .UseNpgsql(services.GetRequiredService<NpgsqlDataSource>())
            .AddInterceptors(new CommitSeam(services.GetRequiredService<Seams>())));
        builder.AddMessaging<DeliveryContext>(
            "delivery",
            bus =>
            {
                if (receives)
                {
                    bus.AddConsumer<OperationConsumer>();
                }
            },
            inbox: sabotage != Sabotage.Inbox);
        builder.Services.AddPublishObserver<PublishSeam>();
        builder.Services.TakeAwayConfirms(sabotage, builder.Configuration.GetConnectionString("messaging")!);
        var app = builder.Build();
        app.MapGet("/live", () => Results.Ok());
        app.MapPost("/seams/{seam}", (Seam seam, Seams seams) => seams.Arm(seam));
        app.MapPost("/operations", CommitAsync);
        _ = EndWithAsync(builder.Configuration.GetValue<int>("Courier:Parent"));
        await app.RunAsync();
        return 0;
    }

    // However the battery ends, nothing of it stays.
    private static async Task EndWithAsync(int parent)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{parent}")))
        {
            await pace.WaitForNextTickAsync();
        }

        System.Diagnostics.Process.GetCurrentProcess().Kill();
    }

    /// <summary>The change, its number within the aggregate, its event and its audit record in one transaction.</summary>
    private static async Task<IResult> CommitAsync(
        OperationRequest request, DeliveryContext database, CourierWay way, IBus bus, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Aggregate == Guid.Empty)
        {
            return Results.BadRequest();
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var number = (await database.Database.SqlQuery<int>(
            $"""
            INSERT INTO aggregates VALUES ({request.Aggregate}, 1)
            ON CONFLICT (id) DO UPDATE SET number = aggregates.number + 1 RETURNING number AS "Value"
            """).ToListAsync(cancellationToken)).Single();
        database.Operations.Add(new Operation { Id = request.Id, Aggregate = request.Aggregate, Number = number });
        var envelope = new EventEnvelope(
            request.Id, time.GetUtcNow(), Tenants.Default, Actor.System("delivery"), null, null, null, null);
        var message = new UserRegistered(envelope, request.Aggregate, number.ToString(CultureInfo.InvariantCulture), "ada@platform.test");
        if (way.By != Sabotage.Outbox)
        {
            database.AddEvent(message, request.Aggregate);
            if (way.Audited)
            {
                database.AddEvent(
                    new AuditRecorded(
                        envelope with { Id = Guid.CreateVersion7(envelope.OccurredAt) },
                        "user.updated", "operation", request.Id.ToString(), AuditSeverity.Info, AuditResult.Success),
                    request.Aggregate);
            }
        }

        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (way.By == Sabotage.Outbox)
        {
            await bus.Publish(message, CancellationToken.None);
        }

        return Results.Ok();
    }
}

/// <summary>What a client asks for.</summary>
/// <param name="Id">The client's own, UUIDv7.</param>
/// <param name="Aggregate">Within which the operations have an order.</param>
internal sealed record OperationRequest(Guid Id, Guid Aggregate);

/// <summary>Applies an operation, as often as it is run.</summary>
internal sealed class OperationConsumer(DeliveryContext database) : IConsumer<UserRegistered>
{
    public async Task Consume(ConsumeContext<UserRegistered> context)
    {
        // The inbox has begun one; where it was taken away, the effect is at least whole.
        await using var own = database.Database.CurrentTransaction is null
            ? await database.Database.BeginTransactionAsync(context.CancellationToken) : null;
        await database.Database.ExecuteSqlAsync($"UPDATE counter SET value = value + 1", context.CancellationToken);
        database.Ledger.Add(new LedgerEntry
        {
            OperationId = context.Message.Envelope.Id,
            Aggregate = context.Message.UserId,
            Number = int.Parse(context.Message.UserName, CultureInfo.InvariantCulture),
        });
        await database.SaveChangesAsync(context.CancellationToken);
        if (own is not null)
        {
            await own.CommitAsync(context.CancellationToken);
        }
    }
}
