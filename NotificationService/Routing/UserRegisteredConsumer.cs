using MassTransit;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Welcomes a new account.</summary>
internal sealed class UserRegisteredConsumer(Router router) : IConsumer<UserRegistered>
{
    public Task Consume(ConsumeContext<UserRegistered> context)
    {
        var told = context.Message;
        return router.RouteAsync(
            Rules.Welcome,
            told.Envelope,
            new Addressee(told.UserId, told.UserName, told.Email),
            new Dictionary<string, string>(StringComparer.Ordinal),
            context.CancellationToken);
    }
}
