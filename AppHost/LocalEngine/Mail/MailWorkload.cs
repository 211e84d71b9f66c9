using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Mail;

/// <summary>The mail resource: SMTP to send to, and HTTP to read what was caught, newest first.</summary>
internal sealed class MailWorkload(MailPitContainerResource resource, Mailbox mailbox, TimeProvider time) : Workload
{
    private readonly EndpointAnnotation _smtp = resource.PrimaryEndpoint.EndpointAnnotation;
    private readonly EndpointAnnotation _http = new EndpointReference(resource, "http").EndpointAnnotation;

    public override async Task<RunningWorkload> StartAsync(ConsoleLog log, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_http.AllocatedPorts[0]}"));
        var api = builder.Build();
        api.MapGet("/api/mails", (string? to) => mailbox.Mails.Where(m => to is null || m.To.Contains(to, StringComparer.OrdinalIgnoreCase)));
        await api.StartAsync(cancellationToken);

        log.Append(string.Create(CultureInfo.InvariantCulture, $"SMTP on port {_smtp.AllocatedPorts[0]}, caught mails on port {_http.AllocatedPorts[0]}"));
        var catcher = new SmtpCatcher(_smtp.AllocatedPorts[0], mailbox, time);
        _ = StopApiAsync(api, catcher);
        return catcher;
    }

    public override Task<string?> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    private static async Task StopApiAsync(WebApplication api, SmtpCatcher catcher)
    {
        await catcher.Exited;
        await api.DisposeAsync();
    }
}
