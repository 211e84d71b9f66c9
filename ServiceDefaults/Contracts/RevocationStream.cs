using System.Globalization;
using StackExchange.Redis;

namespace ServiceDefaults.Contracts;

/// <summary>
/// How revocations travel through Redis from the identity service to the gateways. Truth is in the identity service's
/// database; Redis carries a copy that can be lost and written again.
/// <list type="bullet">
/// <item>The stream <see cref="Key"/> holds every revocation that a living token could still meet, in the order of
/// <see cref="RevocationIssued.Sequence"/>, which has no gaps, and a heartbeat every <see cref="HeartbeatEvery"/>
/// with the highest sequence of the database. Older entries are trimmed by their id's time.</item>
/// <item><see cref="GenerationKey"/> names the life of that stream. The identity service writes a new one, and the whole
/// stream anew, when it finds the key missing or the stream behind what it had written; a gateway that sees it change
/// reads from the start.</item>
/// <item>A message on <see cref="WakeChannel"/> only wakes: a lost one costs time, never an entry.</item>
/// <item>Each gateway writes what it has applied into the hash <see cref="ReceiptsKey"/>, field its id, value a
/// <see cref="RevocationReceipt"/>, and says so on <see cref="ReceiptsChannel"/>.</item>
/// </list>
/// </summary>
public static class RevocationStream
{
    /// <summary>The stream.</summary>
    public const string Key = "revocations";

    /// <summary>A string: the stream's generation id.</summary>
    public const string GenerationKey = "revocations:generation";

    /// <summary>Publish/subscribe channel: there is something new in the stream.</summary>
    public const string WakeChannel = "revocations:wake";

    /// <summary>A hash: gateway id → <see cref="RevocationReceipt"/>.</summary>
    public const string ReceiptsKey = "revocations:applied";

    /// <summary>Publish/subscribe channel: a gateway has applied something.</summary>
    public const string ReceiptsChannel = "revocations:applied:wake";

    /// <summary>Time between two heartbeats.</summary>
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>A gateway whose receipt is older is not waited for.</summary>
    public static readonly TimeSpan ReceiptLife = TimeSpan.FromSeconds(3);

    /// <summary>Fields of a heartbeat.</summary>
    /// <param name="sequence">The highest sequence of the database.</param>
    public static RedisValue[] Heartbeat(long sequence) => ["type", "heartbeat", "seq", sequence];

    /// <summary>Fields of a revocation.</summary>
    public static RedisValue[] Entry(RevocationIssued revocation) =>
    [
        "type", "entry",
        "seq", revocation.Sequence,
        "kind", revocation.Kind.ToString(),
        "value", revocation.Value,
        "epoch", revocation.Epoch ?? -1,
        "cutoff", revocation.Cutoff?.ToUnixTimeMilliseconds() ?? -1,
        "exp", revocation.ExpiresAt.ToUnixTimeMilliseconds(),
    ];

    /// <summary>Reads the fields of one stream entry.</summary>
    /// <exception cref="FormatException">The entry is neither a revocation nor a heartbeat.</exception>
    public static RevocationStreamItem Read(IReadOnlyDictionary<string, string> fields)
    {
        var sequence = Number(fields, "seq");
        if (fields.GetValueOrDefault("type") == "heartbeat")
        {
            return new RevocationStreamItem(sequence, null, "", null, null, default);
        }

        return Enum.TryParse<RevocationKind>(fields.GetValueOrDefault("kind"), out var kind) && Enum.IsDefined(kind)
            ? new RevocationStreamItem(
                sequence,
                kind,
                fields.GetValueOrDefault("value") ?? "",
                Number(fields, "epoch") is >= 0 and var epoch ? epoch : null,
                Number(fields, "cutoff") is >= 0 and var cutoff ? DateTimeOffset.FromUnixTimeMilliseconds(cutoff) : null,
                DateTimeOffset.FromUnixTimeMilliseconds(Number(fields, "exp")))
            : throw new FormatException("The entry of the revocation stream has no known kind.");
    }

    private static long Number(IReadOnlyDictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"The entry of the revocation stream has no number '{name}'.");
}

/// <summary>One entry of the stream; a heartbeat has no kind.</summary>
/// <param name="Sequence">Position in the database; of a heartbeat, the highest there.</param>
/// <param name="Kind">What is revoked; null for a heartbeat.</param>
/// <param name="Value">Its id.</param>
/// <param name="Epoch">The least epoch still accepted of a subject, client or tenant.</param>
/// <param name="Cutoff">Tokens issued before it are refused; always for the global kind.</param>
/// <param name="ExpiresAt">When the entry can be forgotten.</param>
public sealed record RevocationStreamItem(
    long Sequence, RevocationKind? Kind, string Value, long? Epoch, DateTimeOffset? Cutoff, DateTimeOffset ExpiresAt);
