using IdentityService.Revocations;
using ServiceDefaults.Contracts;

namespace IdentityService.RevocationAdministration;

/// <summary>A revocation and how far it has come.</summary>
/// <param name="Sequence">Its place in the list of all.</param>
/// <param name="Kind"><c>token</c>, <c>session</c>, <c>subject</c>.</param>
/// <param name="Value">The id revoked.</param>
/// <param name="ExpiresAt">UTC; when no token it covers can live any more.</param>
/// <param name="Gateways">What the gateways have reported.</param>
public sealed record RevocationAnswer(long Sequence, RevocationKind Kind, string Value, DateTimeOffset ExpiresAt, GatewayReceipts Gateways)
{
    internal static RevocationAnswer Of(Revocation row, RevocationEffect effect) => new(
        row.Sequence,
        row.Kind,
        row.Value,
        row.ExpiresAt,
        GatewayReceipts.Of(effect));
}

/// <summary>Receipts of the gateways.</summary>
/// <param name="Applied">Gateways that refuse what it names.</param>
/// <param name="Known">Gateways that may let requests through; null when they can't be asked. The revocation holds all the same.</param>
/// <param name="Milliseconds">Time waited, a second at most.</param>
/// <param name="Everywhere">Whether no gateway lets it in any more.</param>
/// <param name="Summary">The same as a sentence.</param>
public sealed record GatewayReceipts(int Applied, int? Known, int Milliseconds, bool Everywhere, string Summary)
{
    internal static GatewayReceipts Of(RevocationEffect effect) =>
        new(effect.Applied, effect.Gateways, (int)effect.Took.TotalMilliseconds, effect.IsEverywhere, effect.ToString());
}
