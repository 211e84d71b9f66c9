using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.SecondFactor;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Idempotency;
using ServiceDefaults.Problems;

namespace IdentityService.ClientRegistration;

/// <summary>Administration of clients.</summary>
internal static class ClientEndpoints
{
    public const string Path = "/api/v1/admin/clients";

    public static void AddClientRegistration(this IServiceCollection services)
    {
        services.AddScoped<ClientRules>();
        services.AddScoped<ClientChange>();
        services.AddScoped<ClientEnding>();
    }

    public static void MapClientEndpoints(this IEndpointRouteBuilder routes)
    {
        var clients = routes.MapGroup(Path).RequireScope(Scopes.IdentityAdmin).WithNoStore().WithSmallBodies();
        clients.MapPost("/", CreateClient.HandleAsync).RequireRecentSecondFactor().AcceptIdempotencyKey().WithName("CreateClient");
        clients.MapGet("/", ListClients.HandleAsync).WithName("ListClients");
        clients.MapGet("/{id:guid}", ListClients.ShowAsync).WithName("ShowClient");
        clients.MapPut("/{id:guid}", UpdateClient.HandleAsync).WithName("UpdateClient");
        clients.MapDelete("/{id:guid}", DeleteAsync).WithName("DeleteClient");
        clients.MapPost("/{id:guid}/secret", RotateSecretAsync).RequireRecentSecondFactor().WithName("RotateClientSecret");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id, IdentityDb database, ClientEnding ending, CancellationToken cancellationToken)
    {
        if (await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } client)
        {
            return Problem.NotFound();
        }

        await ending.DeleteAsync(client, cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>A new secret; the one before stays good for <see cref="ClientOptions.SecretOverlap"/>.</summary>
    private static async Task<Results<Ok<ClientWithSecret>, ProblemHttpResult>> RotateSecretAsync(
        Guid id, IdentityDb database, ClientChange change, IOptions<ClientOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await database.Clients.SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } client)
        {
            return Problem.NotFound();
        }

        if (client.Proof != ClientProof.Secret)
        {
            return ClientProblems.HasNoSecret();
        }

        var secret = client.NewSecret(time.GetInstant(), options.Value.SecretOverlap);
        change.Audit("client.secret_rotated", client);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return ClientProblems.Changed();
        }

        return TypedResults.Ok(new ClientWithSecret(ClientView.Of(client), secret));
    }
}
