using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Reading;
using AuditService.Recording;
using AuditService.Statistics;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;

namespace AuditService.Compliance;

/// <summary>The report for those who audit the platform, as JSON or as a page to print. Making one is itself recorded.</summary>
internal static class ComplianceEndpoints
{
    private const string Html = "html";

    public static WebApplicationBuilder AddCompliance(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<ReportMaker>();
        return builder;
    }

    public static void MapComplianceEndpoints(this IEndpointRouteBuilder app) =>
        app.MapGroup("/api/v1/audit").WithTags("Compliance").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin)
            .MapGet("/compliance", ShowAsync).WithName("ShowComplianceReport");

    private static async Task<Results<Ok<ComplianceReport>, ContentHttpResult>> ShowAsync(
        [AsParameters] ReportPeriod period,
        [AllowedValues(null, "json", Html, ErrorMessage = "There is no such format.")] string? format,
        ReportMaker maker,
        AuditDbContext database,
        Caller caller,
        TimeProvider time,
        HttpResponse response,
        CancellationToken cancellationToken)
    {
        response.Headers.ContentSecurityPolicy = ReportPage.Policy;
        var days = new StatisticsFilter { From = period.From, To = period.To }.Days(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        await database.NoteExportAsync(
            caller,
            AuditActions.Reported,
            new RecordFilter
            {
                TenantId = period.TenantId,
                From = new DateTimeOffset(days.From.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero),
                To = new DateTimeOffset(days.To.ToDateTime(TimeOnly.MaxValue), TimeSpan.Zero),
            },
            cancellationToken);
        var report = await maker.MakeAsync(caller, period.TenantId, days, cancellationToken);
        return format == Html ? TypedResults.Content(ReportPage.Of(report), "text/html; charset=utf-8") : TypedResults.Ok(report);
    }
}

/// <summary>What a report is about.</summary>
public sealed class ReportPeriod : IValidatableObject
{
    /// <summary>First day, of UTC; thirty days with the last one unless given.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day, of UTC; today unless given.</summary>
    public DateOnly? To { get; init; }

    /// <summary>For a platform administrator; others have their own tenant only.</summary>
    public Guid? TenantId { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        new StatisticsFilter { From = From, To = To }.Validate(validationContext);
}
