namespace Gateway.RequestAudit;

internal static class RequestAuditSetup
{
    public static WebApplicationBuilder AddRequestAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RequestAuditOptions>(RequestAuditOptions.Section);
        builder.Services.AddSingleton<RequestRecords>();
        builder.Services.AddSingleton<AuditSpool>();
        builder.Services.AddHostedService<RequestAuditShipping>();
        return builder;
    }

    /// <summary>Registers the gauge; called once the host is built.</summary>
    public static void ObserveRequestAudit(this WebApplication app)
    {
        var spool = app.Services.GetRequiredService<AuditSpool>();
        app.Services.GetRequiredService<GatewayMetrics>()
            .Observe("platform.gateway.audit.spool", "By", "Request audit kept on disk", () => spool.Bytes);
    }
}
