using System.Text.Json.Serialization;
using IdentityService.Data;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace IdentityService.OpenId;

/// <summary>What an application may know about a user (OpenID Connect Core 1.0 section 5.1), by the scopes it was granted.</summary>
public sealed record UserInfo
{
    [JsonPropertyName("sub")]
    public required Guid Subject { get; init; }

    [JsonPropertyName("name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonPropertyName("preferred_username"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PreferredUsername { get; init; }

    [JsonPropertyName("email"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    [JsonPropertyName("email_verified"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? EmailVerified { get; init; }
}

/// <summary>The userinfo endpoint (OpenID Connect Core 1.0 section 5.3), by GET and POST with the access token in the header.</summary>
internal static class ShowUserInfo
{
    public const string Path = "/connect/userinfo";

    public static void MapOpenIdEndpoints(this IEndpointRouteBuilder routes) => routes
        .MapMethods(Path, [HttpMethods.Get, HttpMethods.Post], HandleAsync)
        .RequireScope(OpenIdScopes.OpenId).RequireLivingSession().WithNoStore().WithSmallBodies().DisableAntiforgery()
        .WithName("ShowUserInfo");

    public static void AddOpenId(this IServiceCollection services)
    {
        services.AddSingleton<IdTokenIssuer>();
        services.AddScoped<ClientSessionTokens>();
    }

    private static async Task<Results<Ok<UserInfo>, ProblemHttpResult>> HandleAsync(
        Caller caller, IdentityDb database, CancellationToken cancellationToken)
    {
        if (await database.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        var (profile, email) = (caller.Has(OpenIdScopes.Profile), caller.Has(OpenIdScopes.Email));
        return TypedResults.Ok(new UserInfo
        {
            Subject = user.Id,
            Name = profile ? user.DisplayName ?? user.UserName : null,
            PreferredUsername = profile ? user.UserName : null,
            Email = email ? user.Email : null,
            EmailVerified = email ? user.EmailConfirmed : null,
        });
    }
}
