using IdentityService.Revocations;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace IdentityService.RevocationAdministration;

/// <summary>Routes by which administrators end what others hold.</summary>
internal static class RevocationAdministrationEndpoints
{
    public static void AddRevocationAdministration(this IServiceCollection services) => services.AddScoped<RevokeByAdministrator>();

    public static void MapRevocationAdministration(this IEndpointRouteBuilder routes)
    {
        var revocations = routes.MapGroup("/api/v1/admin/revocations").RequireScope(Scopes.IdentityAdmin).WithNoStore().WithSmallBodies();
        revocations.MapGet("/", ListRevocations.HandleAsync).WithName("ListRevocations");
        revocations.MapPost("/tokens", TokenAsync).WithName("RevokeTokenByAdministrator");
        revocations.MapPost("/sessions", SessionAsync).WithName("RevokeSessionByAdministrator");
        revocations.MapPost("/users/{id:guid}", UserAsync).WithName("RevokeSessionsOfUser");
    }

    private static async Task<Results<Ok<RevocationAnswer>, ProblemHttpResult>> TokenAsync(
        RevokeTokenRequest request, RevokeByAdministrator revoke, RevocationReceipts receipts, CancellationToken cancellationToken) =>
        await AnswerAsync(await revoke.TokenAsync(request.Jti!, cancellationToken), receipts, cancellationToken);

    private static async Task<Results<Ok<RevocationAnswer>, ProblemHttpResult>> SessionAsync(
        RevokeSessionRequest request, RevokeByAdministrator revoke, RevocationReceipts receipts, CancellationToken cancellationToken) =>
        await AnswerAsync(await revoke.SessionAsync(request.Sid!.Value, cancellationToken), receipts, cancellationToken);

    private static async Task<Results<Ok<RevocationAnswer>, ProblemHttpResult>> UserAsync(
        Guid id, RevokeByAdministrator revoke, RevocationReceipts receipts, CancellationToken cancellationToken) =>
        await AnswerAsync(await revoke.UserAsync(id, cancellationToken), receipts, cancellationToken);

    private static async Task<Results<Ok<RevocationAnswer>, ProblemHttpResult>> AnswerAsync(
        Revocation? revocation, RevocationReceipts receipts, CancellationToken cancellationToken) =>
        revocation is null
            ? Problem.NotFound()
            : TypedResults.Ok(RevocationAnswer.Of(revocation, await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken)));
}
