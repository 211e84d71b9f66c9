using System.ComponentModel.DataAnnotations;
using IdentityService.Data;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Idempotency;
using ServiceDefaults.Paging;
using ServiceDefaults.Problems;

namespace IdentityService.TenantAdministration;

/// <summary>Which page.</summary>
/// <param name="Limit">Rows of a page.</param>
/// <param name="Cursor">From the page before.</param>
public sealed record ListTenantsQuery([property: Range(1, PageLimits.Most)] int? Limit, [property: CursorFormat] string? Cursor);

/// <summary>Routes by which administrators of the platform look after organisations.</summary>
internal static class TenantEndpoints
{
    public const string Path = "/api/v1/admin/tenants";

    public static void AddTenantAdministration(this IServiceCollection services) => services.AddScoped<TenantChange>();

    public static void MapTenantAdministration(this IEndpointRouteBuilder routes)
    {
        var tenants = routes.MapGroup(Path).RequireScope(Scopes.Platform).WithNoStore().WithSmallBodies();
        tenants.MapGet("/", ListAsync).WithName("ListTenants");
        tenants.MapPost("/", CreateTenant.HandleAsync).AcceptIdempotencyKey().WithName("CreateTenant");
        tenants.MapGet("/{id:guid}", ShowAsync).WithName("ShowTenant");
        tenants.MapPut("/{id:guid}", UpdateTenant.HandleAsync).WithName("UpdateTenant");
    }

    private static async Task<Ok<Page<TenantView>>> ListAsync(
        [AsParameters] ListTenantsQuery query, IdentityDb database, CancellationToken cancellationToken)
    {
        var tenants = database.Tenants.AsNoTracking();
        if (Cursor.TryParse(query.Cursor, out var last))
        {
            var (at, id) = (last.At, last.Id);
            tenants = tenants.Where(row => EF.Functions.LessThan(ValueTuple.Create(row.CreatedAt, row.Id), ValueTuple.Create(at, id)));
        }

        var limit = query.Limit ?? PageLimits.Default;
        var rows = await tenants
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<TenantView>.From(
            rows.ConvertAll(TenantView.Of), limit, row => new Cursor(row.CreatedAt, row.Id).ToString()));
    }

    private static async Task<Results<Ok<TenantView>, ProblemHttpResult>> ShowAsync(
        Guid id, IdentityDb database, HttpResponse response, CancellationToken cancellationToken)
    {
        if (await database.Tenants.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } tenant)
        {
            return Problem.NotFound();
        }

        response.Headers.ETag = TenantProblems.TagOf(tenant);
        return TypedResults.Ok(TenantView.Of(tenant));
    }
}
