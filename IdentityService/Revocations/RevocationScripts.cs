namespace IdentityService.Revocations;

/// <summary>
/// The two writes to the stream, each atomic and each only if the stream still is what the writer took it for. Several
/// replicas can therefore write side by side without a leader: whoever is late learns the true state and tries again.
/// KEYS: stream, generation. ARGV: expected generation, expected last sequence, least id kept, wake channel, generation
/// from now on, count of entries, entries (14 fields each), heartbeat (4 fields). Returns {1} or {0, generation, last
/// sequence}; a missing generation is empty, the last sequence of an empty stream -1.
/// </summary>
internal static class RevocationScripts
{
    private const string Check =
        """
        local generation = redis.call('GET', KEYS[2]) or ''
        local last = '-1'
        local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
        if #tail == 1 then
            local fields = tail[1][2]
            for at = 1, #fields, 2 do
                if fields[at] == 'seq' then last = fields[at + 1] end
            end
        end
        if generation ~= ARGV[1] or last ~= ARGV[2] then
            return {0, generation, last}
        end

        """;

    private const string Write =
        """

        local at = 7
        for entry = 1, tonumber(ARGV[6]) do
            redis.call('XADD', KEYS[1], 'MINID', '~', ARGV[3], '*', unpack(ARGV, at, at + 13))
            at = at + 14
        end
        redis.call('XADD', KEYS[1], 'MINID', '~', ARGV[3], '*', unpack(ARGV, at, at + 3))
        redis.call('SET', KEYS[2], ARGV[5])
        redis.call('PUBLISH', ARGV[4], ARGV[at + 3])
        return {1}
        """;

    /// <summary>Adds what is new, and a heartbeat.</summary>
    public const string Append = Check + Write;

    /// <summary>Writes the stream anew.</summary>
    public const string Rebuild = Check + "redis.call('DEL', KEYS[1])" + Write;
}
