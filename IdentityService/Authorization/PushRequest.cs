using System.Text.Json.Serialization;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace IdentityService.Authorization;

/// <summary>RFC 9126 section 2.2.</summary>
public sealed record PushedRequest
{
    [JsonPropertyName("request_uri")]
    public required string RequestUri { get; init; }

    /// <summary>Seconds.</summary>
    [JsonPropertyName("expires_in")]
    public required int ExpiresIn { get; init; }
}

/// <summary>
/// Pushed authorization requests (RFC 9126 section 2): the client sends the parameters itself, authenticated, so that no
/// browser can change or read them. Judged here like at the authorization endpoint (section 2.1).
/// </summary>
internal sealed class PushRequest(
    IdentityDb database, ClientAuthentication clients, AuthorizationRequests requests, IOptions<AuthorizationOptions> options)
{
    public const string Path = "/connect/par";

    private static readonly string[] Proof = ["client_secret", "client_assertion", "client_assertion_type"];

    public static Task<Results<JsonHttpResult<PushedRequest>, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request, PushRequest push, CancellationToken cancellationToken) => push.PushAsync(request, cancellationToken);

    private async Task<Results<JsonHttpResult<PushedRequest>, JsonHttpResult<OAuthError>>> PushAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        if (await OAuthForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return OAuthProblems.InvalidRequest(OAuthForm.Malformed);
        }

        var (client, refusal) = await clients.AuthenticateAsync(request, form, cancellationToken);
        if (client is null)
        {
            return refusal!;
        }

        if (client.Registered is not { } application)
        {
            return OAuthProblems.UnauthorizedClient();
        }

        if (form.ContainsKey("request_uri")
            || form.GetValueOrDefault("redirect_uri") is not { } redirectUri || !RegisteredUris.Allow(application.RedirectUris, redirectUri))
        {
            return OAuthProblems.InvalidRequest("The redirect_uri is not registered, or there is a request_uri.");
        }

        if (AuthorizationParameters.Read(form, application).Fault is { } fault)
        {
            return OAuthProblems.Of(400, fault.Error, fault.Description);
        }

        foreach (var name in Proof)
        {
            form.Remove(name);
        }

        var (handle, _) = requests.Add(application, form, pushed: true);
        await database.SaveChangesAsync(cancellationToken);
        return TypedResults.Json(
            new PushedRequest
            {
                RequestUri = AuthorizationRequests.UriPrefix + handle,
                ExpiresIn = (int)options.Value.PushedRequestLife.TotalSeconds,
            },
            statusCode: StatusCodes.Status201Created);
    }
}
