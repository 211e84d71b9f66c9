using StackExchange.Redis;

namespace Gateway.RateLimits;

/// <summary>
/// The permits in Redis. Each partition is a hash with one field for each gateway, written by that gateway alone: what it
/// admitted in the last window (parts by age), and what is held for it until when. A gateway's field says all of its
/// usage each time, so that a lost answer, a command sent twice or an emptied server do no harm: the next exchange puts
/// it right. By Redis's clock; ages travel, not times.
/// </summary>
internal sealed class SharedPermits(IServiceProvider services, GatewayInstance gateway)
{
    public const string Prefix = "limits:";
    private const string Gateways = Prefix + "gateways";
    private const string Generation = Prefix + "generation";

    /// <summary>Milliseconds without an exchange after which a gateway no longer counts as alive.</summary>
    public const int AliveFor = 5_000;

    // ARGV: 1 gateway, 2 lease (ms), 3 alive for (ms; negative: do not say so), 4 a new id, in case this server has none; then for each partition:
    // permits, window (ms), kept, wanted, usage.
    private const string Script = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local gateway, lease, alive = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

        if alive > 0 then redis.call('ZADD', KEYS[1], now, gateway) else alive = -alive end
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - alive)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], now + alive, '+inf')
        redis.call('PEXPIRE', KEYS[1], alive * 2)
        redis.call('SET', KEYS[2], ARGV[4], 'NX')
        local answer = { redis.call('ZCARD', KEYS[1]), redis.call('GET', KEYS[2]) }

        local window, part, used, oldest, fading

        -- Adds what still counts of one gateway's usage; the oldest part fades over its own length.
        local function count(usage, since)
            for age, number in string.gmatch(usage, '(%d+):(%d+)') do
                age = age + since
                local weight = (window + part - age) / part
                if weight > 0 then
                    if weight > 1 then weight = 1 end
                    used = used + number * weight
                    if age > oldest then oldest = age end
                    if fading then fading[#fading + 1] = { age, number, number * weight } end
                end
            end
        end

        -- Milliseconds until so much of the usage has faded, oldest first.
        local function wait_for(amount)
            table.sort(fading, function(one, other) return one[1] > other[1] end)
            for _, item in ipairs(fading) do
                if item[3] >= amount then
                    return math.ceil(window + part * (1 - (item[3] - amount) / item[2]) - item[1])
                end
                amount = amount - item[3]
            end
            return window
        end

        for index = 3, #KEYS do
            local key, at = KEYS[index], 5 + (index - 3) * 5
            local permits, kept, wanted, usage = tonumber(ARGV[at]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), ARGV[at + 4]
            window = tonumber(ARGV[at + 1])
            part, used, oldest, fading = window / 20, 0, 0, nil
            local held, freed, others = 0, nil, {}
            count(usage, 0)

            local fields = redis.call('HGETALL', key)
            for field = 1, #fields, 2 do
                if fields[field] ~= gateway then
                    local written, holds, ends, theirs = string.match(fields[field + 1], '^(%d+) (%d+) (%d+) (.*)$')
                    written, holds, ends = tonumber(written), tonumber(holds), tonumber(ends)
                    if written > now then -- the clock went back: as if written now
                        written, ends = now, math.min(ends, now + lease)
                        redis.call('HSET', key, fields[field], string.format('%.0f %.0f %.0f %s', written, holds, ends, theirs))
                    end
                    local before = used
                    count(theirs, now - written)
                    if holds > 0 and ends > now then
                        held = held + holds
                        if not freed or ends < freed then freed = ends end
                    elseif used == before then
                        redis.call('HDEL', key, fields[field])
                    end
                    others[#others + 1] = { theirs, now - written }
                end
            end

            local free = math.floor(permits - used - held - kept)
            local granted = math.max(0, math.min(wanted, free))
            free = free - granted
            local wait = 0
            if free < 1 then
                local total = used
                fading = {}
                count(usage, 0)
                for _, other in ipairs(others) do count(other[1], other[2]) end
                wait = wait_for(total + held + kept + granted + 1 - permits)
                if freed then wait = math.min(wait, freed - now) end
                used = total
            end

            redis.call('HSET', key, gateway, string.format('%.0f %.0f %.0f %s', now, kept + granted, now + lease, usage))
            redis.call('PEXPIRE', key, window + part + lease)
            answer[#answer + 1] = granted
            answer[#answer + 1] = free
            answer[#answer + 1] = math.ceil(used)
            answer[#answer + 1] = wait
            answer[#answer + 1] = math.max(0, window - oldest)
        end
        return answer
        """;

    private Task<IConnectionMultiplexer>? _connecting;

    /// <summary>Gateways that exchange with this Redis.</summary>
    public int Alive { get; private set; }

    /// <summary>Changes when Redis was emptied: what this gateway used must be told again.</summary>
    public string? Life { get; private set; }

    /// <summary>One round trip for many partitions.</summary>
    /// <param name="present">Whether this gateway shows itself, so that others may rely on Redis knowing what it used.</param>
    /// <exception cref="TimeoutException">Redis did not answer in time; it may have done its part.</exception>
    public async Task<Granted[]> ExchangeAsync(
        IReadOnlyList<Ask> asked, bool present, TimeSpan lease, TimeSpan patience)
    {
        var keys = new RedisKey[2 + asked.Count];
        var values = new RedisValue[4 + (5 * asked.Count)];
        (keys[0], keys[1]) = (Gateways, Generation);
        (values[0], values[1], values[2], values[3]) = (gateway.Id, (long)lease.TotalMilliseconds, present ? AliveFor : -AliveFor, Guid.CreateVersion7().ToString("N"));
        for (var index = 0; index < asked.Count; index++)
        {
            var (partition, demand, usage) = asked[index];
            keys[2 + index] = partition.Name;
            var at = 4 + (5 * index);
            (values[at], values[at + 1], values[at + 2], values[at + 3], values[at + 4]) =
                (demand.Quota.Permits, demand.Quota.Window, demand.Keep, demand.Want, usage);
        }

        // The first use of the client connects, and that blocks while Redis is away.
        if (_connecting is null or { IsFaulted: true })
        {
            _connecting = Task.Run(services.GetRequiredService<IConnectionMultiplexer>);
        }

        var connection = await _connecting.WaitAsync(patience);
        return Read(await RunAsync(connection.GetDatabase(), keys, values).WaitAsync(patience), asked.Count);
    }

    // RedisException is the client's own; the others come from a connection that broke under a command.
    public static bool IsOutage(Exception fault) =>
        fault is RedisException or RedisConnectionException or TimeoutException or ObjectDisposedException or IOException or TaskCanceledException;

    private Granted[] Read(RedisResult result, int count)
    {
        var answer = (RedisResult[])result!;
        Alive = (int)answer[0];
        Life = (string?)answer[1];
        var granted = new Granted[count];
        for (var index = 0; index < count; index++)
        {
            var at = 2 + (5 * index);
            granted[index] = new Granted((int)answer[at], (long)answer[at + 1], (long)answer[at + 2], (long)answer[at + 3], (long)answer[at + 4]);
        }

        return granted;
    }

    private static async Task<RedisResult> RunAsync(IDatabase redis, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await redis.ScriptEvaluateAsync(Script, keys, values);
        }
        catch (RedisServerException fault) when (fault.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // A server that was started anew; the client has noticed by now and sends the script along.
            return await redis.ScriptEvaluateAsync(Script, keys, values);
        }
    }
}

/// <summary>What is said about one partition.</summary>
/// <param name="Usage">What this gateway admitted in the last window, as pairs of age and number.</param>
internal sealed record Ask(Partition Partition, Demand Demand, string Usage);
