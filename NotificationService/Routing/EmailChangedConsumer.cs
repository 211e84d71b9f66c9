using System.Globalization;
using MassTransit;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Tells the former address of an account that another one has taken its place.</summary>
internal sealed class EmailChangedConsumer(Router router) : IConsumer<EmailChanged>
{
    public Task Consume(ConsumeContext<EmailChanged> context)
    {
        var told = context.Message;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["email"] = told.Email,
            ["time"] = told.Envelope.OccurredAt.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
            ["address"] = told.Envelope.Address ?? "an unknown address",
        };
        return router.RouteAsync(
            Rules.EmailChanged, told.Envelope, new Addressee(told.UserId, told.UserName, told.FormerEmail), facts, context.CancellationToken);
    }
}
