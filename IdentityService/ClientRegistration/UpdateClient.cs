using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Problems;

namespace IdentityService.ClientRegistration;

/// <summary>Changes a client. Disabling it ends every session and token that it has.</summary>
internal static class UpdateClient
{
    public static async Task<Results<Ok<ClientView>, ProblemHttpResult>> HandleAsync(
        Guid id,
        UpdateClientRequest request,
        HttpContext http,
        IdentityDb database,
        ClientRules rules,
        ClientEnding ending,
        CancellationToken cancellationToken)
    {
        if (await database.Clients.SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } client)
        {
            return Problem.NotFound();
        }

        if (ClientProblems.PreconditionOf(http.Request.Headers.IfMatch, client) is { } problem)
        {
            return problem;
        }

        if (rules.FaultsOf(request, client.Proof) is { Count: > 0 } faults)
        {
            return Problem.Validation(faults);
        }

        if (!await ending.UpdateAsync(client, request, cancellationToken))
        {
            return ClientProblems.Changed();
        }

        http.Response.Headers.ETag = ClientProblems.TagOf(client);
        return TypedResults.Ok(ClientView.Of(client));
    }
}
