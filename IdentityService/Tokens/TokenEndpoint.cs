using IdentityService.Clients;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.Tokens;

/// <summary>The token endpoint (RFC 6749 section 3.2): reads the form and hands it to its grant.</summary>
internal static class TokenEndpoint
{
    public const string Path = "/connect/token";

    public static void MapTokenEndpoints(this IEndpointRouteBuilder routes) => routes
        .MapPost(Path, HandleAsync)
        .AllowAnonymous().SeeingEveryTenant().WithNoStore().WithSmallBodies().DisableAntiforgery()
        .WithName("IssueToken");

    private static async Task<Results<Ok<TokenResponse>, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request, DeviceTokens devices, CancellationToken cancellationToken)
    {
        request.HttpContext.Response.Headers.Pragma = "no-cache";
        if (await ReadAsync(request, cancellationToken) is not { } form)
        {
            return OAuthProblems.InvalidRequest("Send each parameter once, as application/x-www-form-urlencoded.");
        }

        return form.GetValueOrDefault("grant_type") switch
        {
            null => OAuthProblems.InvalidRequest("The parameter grant_type is missing."),
            "client_credentials" => await devices.IssueAsync(ClientCredentialsRequest.From(form), cancellationToken),
            _ => OAuthProblems.UnsupportedGrantType(),
        };
    }

    /// <summary>The parameters; null when the body is no form or has one twice. Empty ones count as missing (section 3.1).</summary>
    private static async Task<Dictionary<string, string>?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentType?.Split(';')[0].Trim().Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        try
        {
            var form = await request.ReadFormAsync(cancellationToken);
            return form.Any(parameter => parameter.Value.Count > 1)
                ? null
                : form.Where(parameter => parameter.Value.ToString().Length > 0)
                    .ToDictionary(parameter => parameter.Key, parameter => parameter.Value.ToString(), StringComparer.Ordinal);
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException)
        {
            // Too many or too long parameters; names that differ in case only.
            return null;
        }
    }
}
