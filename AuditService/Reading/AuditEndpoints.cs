using ServiceDefaults.Authentication;

namespace AuditService.Reading;

/// <summary>The routes of the log. An auditor sees its tenant, a platform administrator everything, a user itself.</summary>
internal static class AuditEndpoints
{
    public static WebApplicationBuilder AddReading(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FrequentWords>();
        return builder;
    }

    public static void MapAuditEndpoints(this IEndpointRouteBuilder app)
    {
        var audit = app.MapGroup("/api/v1/audit").WithTags("Audit");

        var log = audit.MapGroup("").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin);
        log.MapGet("/logs", ListRecords.HandleAsync).WithName("ListAuditRecords");
        log.MapGet("/logs/{id:guid}", ShowRecord.HandleAsync).WithName("ShowAuditRecord");
        log.MapGet("/resources/{type}/{id}", ListRecords.OfResourceAsync).WithName("ListAuditRecordsOfResource");
        log.MapGet("/users/{id}", ListRecords.OfUserAsync).WithName("ListAuditRecordsOfUser");

        audit.MapGet("/me", ListRecords.OfCallerAsync).WithName("ListOwnActivity").RequireScope(Scopes.IdentitySelf);
    }
}
