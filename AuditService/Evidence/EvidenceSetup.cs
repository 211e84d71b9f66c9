using AuditService.Evidence.Verifying;
using AuditService.Recording;

namespace AuditService.Evidence;

/// <summary>The tree over the log, its checkpoints and proofs.</summary>
internal static class EvidenceSetup
{
    /// <summary>Adds the tree. After the database, whose migration makes its tables, and before what records.</summary>
    public static WebApplicationBuilder AddEvidence(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<EvidenceOptions>(EvidenceOptions.Section);
        builder.Services.AddSingleton<EvidenceState>();
        builder.Services.AddSingleton<EvidenceMetrics>();
        builder.Services.AddSingleton<LogKey>();
        builder.Services.AddSingleton<CheckpointFolder>();
        builder.Services.AddSingleton<CheckpointSignal>();
        builder.Services.AddSingleton<LogAppender>();
        builder.Services.AddSingleton<CheckpointPublisher>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CheckpointPublisher>());
        builder.Services.AddHostedService<EarlierRecords>();
        builder.Services.AddSingleton<IntegrityCheck>();
        builder.Services.AddHostedService<IntegrityWatch>();
        builder.Services.AddHealthChecks().AddCheck<EvidenceHealth>("evidence");
        return builder;
    }
}
