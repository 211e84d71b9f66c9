namespace Gateway.RequestAudit;

internal static class RequestAuditSetup
{
    public static WebApplicationBuilder AddRequestAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RequestAuditOptions>(RequestAuditOptions.Section);
        builder.Services.AddSingleton<RequestRecords>();
        builder.Services.AddSingleton<AuditJournal>();
        builder.Services.AddSingleton<JournalWriting>();
        builder.Services.AddSingleton<JournalPublishing>();
        builder.Services.AddHostedService<JournalShipping>();
        return builder;
    }

    /// <summary>Registers the gauge; called once the host is built.</summary>
    public static void ObserveRequestAudit(this WebApplication app)
    {
        var journal = app.Services.GetRequiredService<AuditJournal>();
        app.Services.GetRequiredService<GatewayMetrics>()
            .Observe("platform.gateway.audit.spool", "By", "Request audit in the journal, not sent yet", () => journal.Bytes);
    }
}
