using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults.Idempotency;

/// <summary>Endpoint metadata: the route accepts <c>Idempotency-Key</c>.</summary>
public sealed record AcceptsIdempotencyKey;

/// <summary>Creations that may be repeated (docs/decisions/0023).</summary>
public static class IdempotencySetup
{
    /// <summary>
    /// Adds what <see cref="AcceptIdempotencyKey"/> needs. The service's context, with
    /// <see cref="IdempotencyModel.AddIdempotency"/> in its model, is registered as <see cref="DbContext"/> by its messaging.
    /// </summary>
    public static IServiceCollection AddIdempotency(this IServiceCollection services)
    {
        services.AddValidatedOptions<IdempotencyOptions>("Idempotency");
        services.AddSingleton<IdempotencyMetrics>();
        services.AddSingleton<IdempotencyFilter>();
        services.AddHostedService<IdempotencyRetention>();
        services.AddScoped<IdempotentCreation>();
        services.AddScoped<IdempotencyStore>();
        return services;
    }

    /// <summary>
    /// Lets clients repeat a creation without doing it twice. Its handler runs in a transaction that is open already, saves
    /// through the service's context only, and does nothing that a rollback can't take back. Say it last: what other filters
    /// of the route ask of the caller is asked of a repetition too.
    /// </summary>
    public static RouteHandlerBuilder AcceptIdempotencyKey(this RouteHandlerBuilder endpoint) =>
        endpoint
            .AddEndpointFilter(static (context, next) =>
                context.HttpContext.RequestServices.GetRequiredService<IdempotencyFilter>().InvokeAsync(context, next))
            .WithMetadata(new AcceptsIdempotencyKey());
}
