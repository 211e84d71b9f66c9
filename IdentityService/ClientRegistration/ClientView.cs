using IdentityService.Clients;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Problems;

namespace IdentityService.ClientRegistration;

/// <summary>A client as its administrators see it, without its secret.</summary>
public sealed record ClientView(
    Guid ClientId,
    Guid TenantId,
    string Name,
    string Authentication,
    IReadOnlyList<string> GrantTypes,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> RedirectUris,
    IReadOnlyList<string> PostLogoutRedirectUris,
    string? BackChannelLogoutUri,
    bool Trusted,
    bool AllTenants,
    bool RequiresPushedRequests,
    bool Disabled,
    DateTimeOffset CreatedAt)
{
    internal static ClientView Of(Client client) => new(
        client.Id,
        client.TenantId,
        client.Name,
        client.Proof switch { ClientProof.None => "none", ClientProof.Secret => "secret", _ => "privateKey" },
        client.GrantTypes,
        client.Scopes,
        client.RedirectUris,
        client.PostLogoutRedirectUris,
        client.BackChannelLogoutUri,
        client.Trusted,
        client.AllTenants,
        client.RequiresPushedRequests,
        client.DisabledAt is not null,
        client.CreatedAt);
}

/// <summary>A client with its secret: the only answer that holds it.</summary>
/// <param name="Client">The client.</param>
/// <param name="ClientSecret">Null where it proves itself otherwise. It can't be shown again.</param>
public sealed record ClientWithSecret(ClientView Client, string? ClientSecret);

/// <summary>Expected failures, and the version of a client in HTTP's words.</summary>
internal static class ClientProblems
{
    public static string TagOf(Client client) => $"\"{client.Version}\"";

    /// <summary>What <c>If-Match</c> lacks; null when it names this version (RFC 9110 section 13.1.1).</summary>
    public static ProblemHttpResult? PreconditionOf(StringValues ifMatch, Client client) =>
        ifMatch.Count == 0 ? Problem.Of(428, ProblemCodes.PreconditionRequired, "Send If-Match with the ETag of the version you have read.")
        : ifMatch.SelectMany(header => header?.Split(',', StringSplitOptions.TrimEntries) ?? []).Any(tag => tag == "*" || tag == TagOf(client)) ? null
        : Changed();

    public static ProblemHttpResult Changed() =>
        Problem.Of(412, ProblemCodes.PreconditionFailed, "The client has changed since you read it. Read it again.");

    public static ProblemHttpResult HasNoSecret() =>
        Problem.Of(409, "client_has_no_secret", "This client proves itself without a secret.");
}
