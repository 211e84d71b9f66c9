using AuditService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;

namespace AuditService.Completeness;

/// <summary>Whether every request at the gateways is in the log.</summary>
internal static class CompletenessEndpoints
{
    /// <summary>Adds the comparison; its consumer is with the others, in the recording.</summary>
    public static WebApplicationBuilder AddCompleteness(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<CompletenessOptions>(CompletenessOptions.Section);
        builder.Services.AddSingleton<CompletenessMetrics>();
        builder.Services.AddSingleton<CompletenessWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CompletenessWatch>());
        return builder;
    }

    public static void MapCompletenessEndpoints(this IEndpointRouteBuilder app) =>
        app.MapGroup("/api/v1/audit").WithTags("Completeness").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin)
            .MapGet("/completeness", ListAsync).WithName("ListCompleteness");

    private static async Task<Ok<Page<CompletenessWindow>>> ListAsync(
        [AsParameters] WindowFilter filter, AuditDbContext database, Caller caller, CancellationToken cancellationToken)
    {
        var limit = filter.Limit ?? PageLimits.Default;
        var rows = await filter.Apply(database.RequestWindows).AsNoTracking()
            .OrderByDescending(row => row.WindowTo).ThenByDescending(row => row.Id)
            .Take(limit + 1).ToListAsync(cancellationToken);

        // How much traffic there was in all is the platform's to know; that nothing of it is missing is for every auditor.
        var isPlatform = caller.Has(Scopes.Platform);
        var page = Page<RequestWindow>.From(rows, limit, row => new Cursor(row.WindowTo, row.Id).ToString());
        return TypedResults.Ok(new Page<CompletenessWindow>([.. page.Items.Select(row => CompletenessWindow.Of(row, isPlatform))], page.NextCursor));
    }
}
