using IdentityService.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;
using ServiceDefaults.Problems;

namespace IdentityService.TenantAdministration;

/// <summary>An organisation.</summary>
/// <param name="Id">The <c>tid</c> of its tokens.</param>
/// <param name="Name">Unique.</param>
/// <param name="Disabled">Whether its people, devices and applications are kept out.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="DisabledAt">UTC.</param>
public sealed record TenantView(Guid Id, string Name, bool Disabled, DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt)
{
    internal static TenantView Of(Tenant tenant) => new(tenant.Id, tenant.Name, tenant.DisabledAt is not null, tenant.CreatedAt, tenant.DisabledAt);
}

/// <summary>Expected failures, and the version of a tenant in HTTP's words.</summary>
internal static class TenantProblems
{
    public static string TagOf(Tenant tenant) => $"\"{tenant.Version}\"";

    /// <summary>What <c>If-Match</c> lacks; null when it names this version (RFC 9110 section 13.1.1).</summary>
    public static ProblemHttpResult? PreconditionOf(StringValues ifMatch, Tenant tenant) =>
        ifMatch.Count == 0 ? Problem.Of(428, ProblemCodes.PreconditionRequired, "Send If-Match with the ETag of the version you have read.")
        : ifMatch.SelectMany(header => header?.Split(',', StringSplitOptions.TrimEntries) ?? []).Any(tag => tag == "*" || tag == TagOf(tenant)) ? null
        : Problem.Of(412, ProblemCodes.PreconditionFailed, "The tenant has changed since you read it. Read it again.");

    public static ProblemHttpResult NameTaken() => Problem.Of(409, "tenant_name_taken", "Another tenant has this name.");

    public static ProblemHttpResult DefaultStays() => Problem.Of(
        409, "default_tenant", "The default tenant can't be disabled: it is where people land who register.");
}
