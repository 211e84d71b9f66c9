using System.Net;
using System.Net.Mail;
using Microsoft.Extensions.Options;
using NotificationService.Queue;
using NotificationService.Templates;

namespace NotificationService.Delivery;

/// <summary>
/// Hands one mail to the server over SMTP (RFC 5321). System.Net.Mail's client serves one mail at a time, has a timeout
/// for its synchronous calls only, and may wait for a silent server while it is disposed; so each mail has a client of
/// its own, on a task that is given up, not awaited, when its time is over.
/// </summary>
internal sealed class MailSender(
    IOptions<MailServer> server, IOptions<MailOptions> options, IOptions<DeliveryOptions> delivery, TimeProvider time)
{
    // What the server says about us, not about the mail (RFC 4954 section 6, RFC 3207 section 4): a wrong password must
    // not kill the whole queue.
    private static readonly int[] AboutUs = [454, 530, 534, 535, 538];

    public async Task<MailOutcome> SendAsync(Notification notification, MailText text, CancellationToken cancellationToken)
    {
        if (!TryAddress(notification.Recipient, notification.RecipientName, out var recipient))
        {
            return MailOutcome.Permanent("The recipient is not a mail address.");
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(delivery.Value.Timeout);
        var sending = Task.Run(() => SendAsync(Compose(notification, recipient, text), deadline.Token), CancellationToken.None);
        try
        {
            // Some time on top, so that a client that obeys the token tells what happened itself.
            await sending.WaitAsync(delivery.Value.Timeout + TimeSpan.FromSeconds(1), time, cancellationToken);
            return MailOutcome.Sent;
        }
        catch (SmtpException fault)
        {
            return deadline.IsCancellationRequested && (int)fault.StatusCode < 400 ? TimedOut() : Judge(fault);
        }
        catch (Exception fault) when (fault is TimeoutException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return TimedOut();
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException or InvalidOperationException
            or System.Security.Authentication.AuthenticationException or FormatException)
        {
            return MailOutcome.Temporary(Line(fault.Message));
        }
        finally
        {
            Forget(sending);
        }
    }

    private static bool TryAddress(string address, string? name, out MailAddress recipient)
    {
        // The parser takes "Name <address>" as well, and comments: only a bare address is what it says.
        if (MailAddress.TryCreate(address, out var parsed) && parsed.Address == address && !address.Any(char.IsControl))
        {
            recipient = name is null ? parsed : new MailAddress(address, PlainText.Of(name), System.Text.Encoding.UTF8);
            return true;
        }

        recipient = null!;
        return false;
    }

    private static MailOutcome Judge(SmtpException fault)
    {
        var first = fault is SmtpFailedRecipientsException { InnerExceptions: [var inner, ..] } ? inner : fault;
        var code = (int)first.StatusCode;
        var reason = Line(first.InnerException is { } cause ? $"{first.Message} {cause.Message}" : first.Message);
        return code < 0
            ? MailOutcome.Temporary(reason)
            : code >= 500 && !AboutUs.Contains(code)
                ? MailOutcome.Permanent(reason, code)
                : MailOutcome.Temporary(reason, code);
    }

    // The log of attempts is no place for a server's essays.
    private static string Line(string text) => PlainText.Of(text);

    private static void Forget(Task sending) =>
        _ = sending.ContinueWith(
            static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private MailOutcome TimedOut() =>
        MailOutcome.Temporary($"The mail server did not answer within {delivery.Value.Timeout.TotalSeconds:0.#} s.");

    private async Task SendAsync(MailMessage mail, CancellationToken cancellationToken)
    {
        using (mail)
        {
            var endpoint = server.Value.Endpoint!;
            using var client = new SmtpClient(endpoint.Host, endpoint.Port)
            {
                EnableSsl = options.Value.StartTls,
                Timeout = (int)delivery.Value.Timeout.TotalMilliseconds,

                // Names and subjects are encoded (RFC 2047), which every server takes; only an address with letters
                // beyond ASCII needs one that knows SMTPUTF8 (RFC 6531).
                DeliveryFormat = mail.To[0].User.All(char.IsAscii) ? SmtpDeliveryFormat.SevenBit : SmtpDeliveryFormat.International,
            };
            if (options.Value.UserName is { } user)
            {
                client.Credentials = new NetworkCredential(user, options.Value.Password);
            }

            await client.SendMailAsync(mail, cancellationToken);
        }
    }

    private MailMessage Compose(Notification notification, MailAddress recipient, MailText text)
    {
        var settings = options.Value;
        var from = new MailAddress(settings.From, settings.FromName, System.Text.Encoding.UTF8);
        var mail = new MailMessage(from, recipient)
        {
            Subject = PlainText.Of(text.Subject),
            SubjectEncoding = System.Text.Encoding.UTF8,
            HeadersEncoding = System.Text.Encoding.UTF8,
        };

        // Plain text first: the last alternative is the preferred one (RFC 2046 section 5.1.4).
        mail.AlternateViews.Add(AlternateView.CreateAlternateViewFromString(text.Text, System.Text.Encoding.UTF8, "text/plain"));
        mail.AlternateViews.Add(AlternateView.CreateAlternateViewFromString(text.Html, System.Text.Encoding.UTF8, "text/html"));

        // The same for every attempt: a server or a reader can tell a mail that was sent again after a lost answer.
        mail.Headers.Add("Message-ID", $"<{notification.Id:N}@{from.Host}>");
        mail.Headers.Add("Auto-Submitted", "auto-generated"); // RFC 3834: no out-of-office answers
        mail.Headers.Add("X-Notification-Kind", notification.Kind);
        return mail;
    }
}
