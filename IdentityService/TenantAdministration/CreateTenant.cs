using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.TenantAdministration;

/// <summary>A new organisation.</summary>
public sealed record CreateTenantRequest
{
    [Required(ErrorMessage = "is required"), StringLength(100, MinimumLength = 1, ErrorMessage = "must be 1 to 100 characters"), PlainText]
    public string? Name { get; init; }
}

/// <summary>Makes an organisation. Its first administrator is made in it by an administrator of the platform.</summary>
internal static class CreateTenant
{
    public static async Task<Results<Created<TenantView>, ProblemHttpResult>> HandleAsync(
        CreateTenantRequest request, IdentityDb database, Caller caller, TimeProvider time, HttpResponse response, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        var tenant = new Tenant { Id = Guid.CreateVersion7(now), Name = request.Name!.Trim(), CreatedAt = now };
        database.Tenants.Add(tenant);
        database.AddAudit(
            caller.Envelope(tenantId: tenant.Id), "tenant.created", "tenant", tenant.Id.ToString(), severity: AuditSeverity.Notice, after: TenantView.Of(tenant));
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, IdentityMapping.UniqueTenantName))
        {
            return TenantProblems.NameTaken();
        }

        response.Headers.ETag = TenantProblems.TagOf(tenant);
        return TypedResults.Created($"{TenantEndpoints.Path}/{tenant.Id}", TenantView.Of(tenant));
    }
}
