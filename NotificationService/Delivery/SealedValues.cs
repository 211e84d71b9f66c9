using System.Security.Cryptography;
using NotificationService.Queue;
using NotificationService.Templates;
using ServiceDefaults.Messaging;

namespace NotificationService.Delivery;

/// <summary>
/// Values of a notification that are secrets. They rest sealed, are opened for the moment in which a mail is written, and
/// are dropped when it was sent.
/// </summary>
internal sealed class SealedValues(EventSeal seal)
{
    /// <summary>Under this name the payload has a sealed link; the template knows it as <c>link</c>.</summary>
    public const string Link = "sealedLink";

    /// <summary>The values for the template.</summary>
    /// <exception cref="TemplateException">It can't be opened: the key is another one than that of the sender.</exception>
    public IReadOnlyDictionary<string, string> Open(Notification notification)
    {
        if (!notification.Payload.TryGetValue(Link, out var sealedLink) || notification.UserId is not { } user)
        {
            return notification.Payload;
        }

        try
        {
            return new Dictionary<string, string>(notification.Payload, StringComparer.Ordinal) { ["link"] = seal.Open(sealedLink, user) };
        }
        catch (CryptographicException)
        {
            throw new TemplateException("The link of this notification cannot be opened: Sealing:Key is not the one it was sealed with.");
        }
    }
}
