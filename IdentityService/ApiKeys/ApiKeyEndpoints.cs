using IdentityService.Sessions;
using IdentityService.Tokens;
using ServiceDefaults.Authentication;
using ServiceDefaults.Idempotency;

namespace IdentityService.ApiKeys;

/// <summary>Routes of a user's own API keys. A key itself can't use them: they need a session.</summary>
internal static class ApiKeyEndpoints
{
    public const string Path = "/api/v1/auth/api-keys";

    public static void AddApiKeys(this IServiceCollection services)
    {
        services.AddValidatedOptions<ApiKeyOptions>("ApiKeys");
        services.AddSingleton<WrongKeys>();
        services.AddScoped<CreateApiKey>();
        services.AddScoped<RevokeApiKey>();
        services.AddScoped<ApiKeyEnding>();
        services.AddScoped<ApiKeyExchange>();
        services.AddScoped<ApiKeyRefusals>();
    }

    public static void MapApiKeyEndpoints(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup(Path)
            .RequireScope(Scopes.IdentitySelf).RequireLivingSession().WithNoStore().WithSmallBodies();
        keys.MapPost("/", CreateApiKey.HandleAsync).AcceptIdempotencyKey().WithName("CreateApiKey");
        keys.MapGet("/", ListApiKeys.HandleAsync).WithName("ListApiKeys");
        keys.MapGet("/{id:guid}", ListApiKeys.ShowAsync).WithName("ShowApiKey");
        keys.MapDelete("/{id:guid}", RevokeApiKey.HandleAsync).WithName("RevokeApiKey");
    }
}
