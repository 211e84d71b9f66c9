using AuditService.Data;
using AuditService.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Paging;

namespace AuditService.Statistics;

/// <summary>Numbers of records.</summary>
internal static class StatisticsEndpoints
{
    public static WebApplicationBuilder AddStatistics(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<StatisticsOptions>(StatisticsOptions.Section);
        builder.Services.AddSingleton<StatisticsMetrics>();
        builder.Services.AddSingleton<StatisticsRoll>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StatisticsRoll>());
        builder.Services.AddScoped<StatisticsQuery>();
        return builder;
    }

    public static void MapStatisticsEndpoints(this IEndpointRouteBuilder app) =>
        app.MapGroup("/api/v1/audit").WithTags("Statistics").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin)
            .MapGet("/statistics", ShowAsync).WithName("ShowStatistics");

    private static async Task<Ok<StatisticsPage>> ShowAsync(
        [AsParameters] StatisticsFilter filter,
        StatisticsQuery statistics,
        AuditDbContext database,
        Caller caller,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        await database.NoteReadingAsync(
            caller,
            null,
            new RecordFilter { UserId = filter.UserId, Action = filter.Action, Severity = filter.Severity, Result = filter.Result, TenantId = filter.TenantId },
            cancellationToken);
        var by = filter.By ?? StatisticsKey.Day;
        var limit = filter.Limit ?? PageLimits.Default;
        var days = filter.Days(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        var (total, lines) = await statistics.RunAsync(by, filter, days, limit, cancellationToken);
        var page = Page<StatisticsLine>.From(lines, limit, line => new StatisticsCursor(line.Records, line.Key).ToString());
        return TypedResults.Ok(new StatisticsPage(by, days.From, days.To, total, page.Items, page.NextCursor));
    }
}

/// <summary>A page of statistics.</summary>
/// <param name="By">What the lines are by.</param>
/// <param name="From">First day, UTC.</param>
/// <param name="To">Last day, UTC.</param>
/// <param name="Total">Records in all, those of other pages too.</param>
/// <param name="Items">Days newest first; else the largest number first.</param>
/// <param name="NextCursor">Null on the last page.</param>
internal sealed record StatisticsPage(
    string By, DateOnly From, DateOnly To, long Total, IReadOnlyList<StatisticsLine> Items, string? NextCursor);
