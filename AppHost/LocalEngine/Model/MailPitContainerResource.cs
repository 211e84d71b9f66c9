namespace Aspire.Hosting.ApplicationModel;

/// <summary>Catches every mail. MailPit under Aspire (the community toolkit's resource); here a catcher of our own.</summary>
public class MailPitContainerResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    public EndpointReference PrimaryEndpoint => new(this, "smtp");

    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"Endpoint=smtp://{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");
}
