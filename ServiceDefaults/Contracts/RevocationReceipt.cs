using System.Globalization;

namespace ServiceDefaults.Contracts;

/// <summary>What a gateway says it has applied, a field of <see cref="RevocationStream.ReceiptsKey"/>.</summary>
/// <param name="Sequence">Every revocation up to it is in effect there.</param>
/// <param name="At">When it said so, to the millisecond, by its own clock.</param>
/// <param name="ServesFor">For how long after that it may let requests through without hearing more.</param>
public readonly record struct RevocationReceipt(long Sequence, DateTimeOffset At, TimeSpan ServesFor)
{
    /// <summary>Gateways that do not say it: what is configured unless someone changes it.</summary>
    private static readonly TimeSpan UsuallyServesFor = TimeSpan.FromSeconds(30);

    /// <summary><c>sequence:unix milliseconds:milliseconds</c>.</summary>
    public string Format() => string.Create(
        CultureInfo.InvariantCulture, $"{Sequence}:{At.ToUnixTimeMilliseconds()}:{(long)ServesFor.TotalMilliseconds}");

    /// <summary>Reads a receipt; one that cannot be read is of a gateway long gone.</summary>
    public static RevocationReceipt Read(string? text)
    {
        var parts = text?.Split(':') ?? [];
        if (parts.Length is not (2 or 3) || Number(parts[0]) is not { } sequence || Number(parts[1]) is not { } at)
        {
            return default;
        }

        var servesFor = parts.Length == 3 && Number(parts[2]) is { } bound ? TimeSpan.FromMilliseconds(bound) : UsuallyServesFor;
        return new RevocationReceipt(sequence, DateTimeOffset.FromUnixTimeMilliseconds(at), servesFor);
    }

    // Fifteen digits of milliseconds are still a date.
    private static long? Number(string text) =>
        text.Length <= 15 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Math.Min(number, 253_402_300_799_999)
            : null;
}
