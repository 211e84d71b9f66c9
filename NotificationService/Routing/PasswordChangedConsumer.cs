using System.Globalization;
using MassTransit;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Tells the owner of an account that its password is another one now, when and from where.</summary>
internal sealed class PasswordChangedConsumer(Router router) : IConsumer<PasswordChanged>
{
    public Task Consume(ConsumeContext<PasswordChanged> context)
    {
        var told = context.Message;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["time"] = told.Envelope.OccurredAt.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
            ["address"] = told.Envelope.Address ?? "an unknown address",
        };
        return router.RouteAsync(
            Rules.PasswordChanged,
            told.Envelope,
            new Addressee(told.UserId, told.UserName, told.Email),
            facts,
            context.CancellationToken);
    }
}
