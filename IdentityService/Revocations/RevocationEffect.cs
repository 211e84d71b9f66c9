using System.Globalization;

namespace IdentityService.Revocations;

/// <summary>How far a revocation had come when the wait for it ended.</summary>
/// <param name="Applied">Gateways that refuse what it names.</param>
/// <param name="Gateways">
/// Gateways that may let requests through, those included that have not been heard for a while; null when Redis, where
/// they report, cannot be asked.
/// </param>
/// <param name="Took">Time waited.</param>
internal readonly record struct RevocationEffect(int Applied, int? Gateways, TimeSpan Took)
{
    /// <summary>No gateway lets it in any more.</summary>
    public bool IsEverywhere => Applied == Gateways;

    public override string ToString() => Gateways is { } gateways
        ? string.Create(CultureInfo.InvariantCulture, $"effective on {Applied} of {gateways} gateways in {Took.TotalMilliseconds:0} ms")
        : "committed; the gateways cannot be asked";
}
