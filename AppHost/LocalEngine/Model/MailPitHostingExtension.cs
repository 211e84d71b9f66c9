namespace Aspire.Hosting;

public static class MailPitHostingExtension
{
    public static IResourceBuilder<MailPitContainerResource> AddMailPit(this IDistributedApplicationBuilder builder, string name, int? httpPort = null, int? smtpPort = null) =>
        builder.AddResource(new MailPitContainerResource(name))
            .WithEndpoint(port: smtpPort, targetPort: 1025, scheme: "smtp", name: "smtp")
            .WithHttpEndpoint(port: httpPort, targetPort: 8025, name: "http");
}
