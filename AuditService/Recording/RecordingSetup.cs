using AuditService.Completeness;
using AuditService.Data;
using MassTransit;
using MassTransit.Serialization;
using ServiceDefaults.Messaging;

namespace AuditService.Recording;

/// <summary>Everything between the bus and the table.</summary>
internal static class RecordingSetup
{
    /// <summary>Adds the consumers, the writer and the partitions it writes to.</summary>
    public static WebApplicationBuilder AddRecording(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RecordingOptions>(RecordingOptions.Section);
        builder.Services.AddSingleton<RecordingMetrics>();
        builder.Services.AddHostedService<DayPartitions>();

        // Before the bus, so that it is stopped after it: whatever a consumer still waits for gets written.
        builder.Services.AddSingleton<RecordWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RecordWriter>());
        ReadEnumsLeniently();

        var prefetch = builder.Configuration.GetValue<int?>($"{RecordingOptions.Section}:{nameof(RecordingOptions.Prefetch)}")
            ?? RecordingOptions.DefaultPrefetch;
        builder.AddMessaging<AuditDbContext>(
            "audit",
            bus =>
            {
                bus.AddConsumer<AuditRecordedConsumer>().Endpoint(queue => queue.PrefetchCount = prefetch);
                bus.AddConsumer<RequestsAuditedConsumer>();
                bus.AddConsumer<RequestsCountedConsumer>();
            },
            inbox: false);
        return builder;
    }

    // The serializer's options are one for the process; a host that is built a second time finds them set.
    private static void ReadEnumsLeniently()
    {
        if (SystemTextJsonMessageSerializer.Options.Converters.OfType<LenientEnums>().Any())
        {
            return;
        }

        var options = new System.Text.Json.JsonSerializerOptions(SystemTextJsonMessageSerializer.Options);
        options.Converters.Insert(0, new LenientEnums());
        SystemTextJsonMessageSerializer.Options = options;
    }
}
