using Microsoft.AspNetCore.Builder;

namespace ServiceDefaults.Authentication;

/// <summary>Endpoint metadata: one of the scopes that let a caller in.</summary>
/// <param name="Name">The scope.</param>
public sealed record RequiredScope(string Name);

/// <summary>Rights, declared once on a route group.</summary>
public static class ScopeAuthorization
{
    /// <summary>Lets in callers whose token carries at least one of the scopes.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoints, params string[] anyOf)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.RequireAuthorization(policy => policy
            .RequireAuthenticatedUser()
            .RequireClaim(ClaimNames.Scope, anyOf));
        return endpoints.WithMetadata([.. anyOf.Select(scope => new RequiredScope(scope))]);
    }
}
