using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Platform.LocalEngine.Mail;

namespace Platform.LocalEngine.Dashboard;

/// <summary>The caught mails.</summary>
internal static class MailEndpoints
{
    public static void MapMails(this IEndpointRouteBuilder app, Mailbox mailbox)
    {
        app.MapGet("/api/mails", () => mailbox.Mails.Select(MailSummary.Of));
        app.MapGet("/api/mails/{id}", Results<Ok<CaughtMail>, NotFound> (string id) =>
            Find(mailbox, id) is { } mail ? TypedResults.Ok(mail) : TypedResults.NotFound());
        app.MapGet("/api/mails/{id}/html", Results<ContentHttpResult, NotFound> (HttpContext context, string id) =>
        {
            if (Find(mailbox, id) is not { } mail)
            {
                return TypedResults.NotFound();
            }

            // Someone else's markup: nothing of it may run, load or leave the frame, also when opened by its address.
            context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'";
            return TypedResults.Content(mail.Html, "text/html; charset=utf-8");
        });
    }

    private static CaughtMail? Find(Mailbox mailbox, string id) =>
        mailbox.Mails.FirstOrDefault(mail => string.Equals(mail.Id, id, StringComparison.Ordinal));
}

/// <summary>A mail in the list.</summary>
internal sealed record MailSummary(string Id, DateTimeOffset Time, string From, IReadOnlyList<string> To, string Subject)
{
    public static MailSummary Of(CaughtMail mail) => new(mail.Id, mail.Time, mail.From, mail.To, mail.Subject);
}
