using ServiceDefaults.Authentication;

namespace AuditService.DeadLetters;

/// <summary>
/// Dead letters of every service and tenant, for administrators of the platform. To replay or discard asks for a recent
/// proof of who they are.
/// </summary>
internal static class DeadLetterEndpoints
{
    public static void MapDeadLetterEndpoints(this IEndpointRouteBuilder app)
    {
        var letters = app.MapGroup("/api/v1/admin/dead-letters").WithTags("Dead letters").RequireScope(Scopes.Platform);
        letters.MapGet("", ReadDeadLetters.ListAsync).WithName("ListDeadLetters");
        letters.MapGet("/summary", ReadDeadLetters.SummarizeAsync).WithName("SummarizeDeadLetters");
        letters.MapGet("/{id:guid}", ReadDeadLetters.ShowAsync).WithName("ShowDeadLetter");

        var decisions = letters.MapGroup("").RequireRecentAuthentication();
        decisions.MapPost("/{id:guid}/replay", ReplayDeadLetters.OneAsync).WithName("ReplayDeadLetter");
        decisions.MapPost("/replay", ReplayDeadLetters.RangeAsync).WithName("ReplayDeadLetters");
        decisions.MapPost("/{id:guid}/discard", DiscardDeadLetter.HandleAsync).WithName("DiscardDeadLetter");
    }

    /// <summary>Adds what collects them, keeps them and puts them back. Needs the service's bus and database.</summary>
    public static WebApplicationBuilder AddDeadLetters(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<DeadLetterOptions>(DeadLetterOptions.Section);
        builder.Services.AddSingleton<DeadLetterMetrics>();
        builder.Services.AddSingleton<BrokerConnection>();
        builder.Services.AddSingleton<ReplayPublisher>();
        builder.Services.AddScoped<ReplayDeadLetters>();
        builder.Services.AddHostedService<CollectDeadLetters>();
        builder.Services.AddHostedService<DeadLetterUpkeep>();
        return builder;
    }
}
