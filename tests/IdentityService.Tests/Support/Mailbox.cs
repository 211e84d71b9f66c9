using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Tests.Support;

/// <summary>Opens the links that accounts are mailed, as the notification service does.</summary>
internal static class Mailbox
{
    private static readonly EventSeal Seal = new(Options.Create(new SealingOptions { Key = IdentityHost.SealingKey }));

    /// <summary>The link in an event.</summary>
    public static Uri LinkOf(AccountLinkIssued told) => new(Seal.Open(told.SealedLink, told.UserId));

    /// <summary>The token in its link.</summary>
    public static string TokenOf(AccountLinkIssued told) => LinkOf(told).Query["?token=".Length..];

    /// <summary>The tokens mailed to somebody for that, in the order of their making, once there are as many.</summary>
    public static async Task<IReadOnlyList<string>> TokensAsync(this EventProbe events, Guid userId, AccountLinkKind kind, int count = 1)
    {
        await Eventually.Async(
            () => events.Of<AccountLinkIssued>(told => told.UserId == userId && told.Kind == kind).Count >= count,
            IdentityApi.Deadline,
            $"{count} links of kind {kind} for {userId}");
        return [.. events.Of<AccountLinkIssued>(told => told.UserId == userId && told.Kind == kind).Select(TokenOf)];
    }

    /// <summary>The last of them.</summary>
    public static async Task<string> TokenAsync(this EventProbe events, Guid userId, AccountLinkKind kind, int count = 1) =>
        (await events.TokensAsync(userId, kind, count))[^1];
}
