namespace AuditService.Retention;

/// <summary>How long records are kept.</summary>
internal static class RetentionSetup
{
    /// <summary>Adds the dropping of partitions whose time is over.</summary>
    public static WebApplicationBuilder AddRetention(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RetentionOptions>(RetentionOptions.Section);
        builder.Services.AddSingleton<RetentionMetrics>();
        builder.Services.AddSingleton<DroppingPartitions>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DroppingPartitions>());
        return builder;
    }
}
