using IdentityService.Grouping;

namespace IdentityService.Operation;

/// <summary>Metrics and the removal of what has expired.</summary>
internal static class OperationSetup
{
    public static void AddOperation(this IServiceCollection services)
    {
        services.AddSingleton<IdentityMetrics>();
        services.AddSingleton<GroupedEvents>();
        services.AddSingleton<Housekeeping>();
        services.AddHostedService(static provider => provider.GetRequiredService<Housekeeping>());
    }
}
