using System.Globalization;
using MassTransit;
using NotificationService.Delivery;
using ServiceDefaults.Contracts;

namespace NotificationService.Routing;

/// <summary>Mails a link to the address that it is to prove. The link stays sealed until the mail is written.</summary>
internal sealed class AccountLinkIssuedConsumer(Router router) : IConsumer<AccountLinkIssued>
{
    public Task Consume(ConsumeContext<AccountLinkIssued> context)
    {
        var told = context.Message;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SealedValues.Link] = told.SealedLink,
            ["until"] = told.ExpiresAt.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
        };
        return router.RouteAsync(
            RuleOf(told.Kind), told.Envelope, new Addressee(told.UserId, told.UserName, told.Email), facts, context.CancellationToken);
    }

    private static Rule RuleOf(AccountLinkKind kind) => kind switch
    {
        AccountLinkKind.VerifyEmail => Rules.VerifyEmail,
        AccountLinkKind.ChangeEmail => Rules.ChangeEmail,
        AccountLinkKind.ResetPassword => Rules.ResetPassword,
        AccountLinkKind.ReplacePassword => Rules.ReplacePassword,
        AccountLinkKind.Invitation => Rules.Invitation,
        _ => throw new InvalidOperationException($"There is no mail for a link of kind {kind}."),
    };
}
