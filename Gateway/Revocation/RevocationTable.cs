using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Gateway.Revocation;

/// <summary>
/// Ids of 128 bits and until when each is kept, with or without a limit. Made for being asked at every request and seldom
/// written: readers take no lock and see a slot whole or not at all.
/// <list type="number">
/// <item>64 shards by hash, each with its own lock for writers, so that growing or forgetting touches one 64th at a time.</item>
/// <item>In a shard, buckets of 16 slots in open addressing. One byte a slot marks it: 0 is free, else 7 bits of the
/// hash. A look-up compares a bucket's 16 marks at once and touches an id only where its mark fits.</item>
/// <item>A slot is written before its mark, and neither moved nor cleared. To grow or to forget, a shard is copied and
/// the copy put in its place; who still reads the old one sees the moment before.</item>
/// </list>
/// At most 0.8 of the slots are used and at least 0.53 of a grown shard's, which makes 27 to 40 bytes an id, 37 to 55 with
/// a limit.
/// </summary>
internal sealed class RevocationTable(bool limited)
{
    /// <summary>How many shards, and so how many calls of <see cref="Sweep"/> make one round.</summary>
    public const int Shards = 64;

    private const int ShardBits = 6;

    // Of this process alone, so that nobody can make ids that collide.
    private static readonly ulong SeedLow = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private static readonly ulong SeedHigh = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    private readonly Slots[] _shards = [.. Enumerable.Range(0, Shards).Select(_ => Slots.None)];
    private readonly Lock[] _locks = [.. Enumerable.Range(0, Shards).Select(_ => new Lock())];

    public int Count => _shards.Sum(static shard => Volatile.Read(ref shard.Used));

    /// <summary>What the slots take, in bytes.</summary>
    public long Size => _shards.Sum(static shard => shard.Size);

    public bool Contains(UInt128 id) => TryGet(id, out _);

    /// <summary>Finds an id; without limits, <paramref name="limit"/> is 0.</summary>
    public bool TryGet(UInt128 id, out ulong limit)
    {
        var hash = HashOf(id);
        var slots = Volatile.Read(ref _shards[ShardOf(hash)]);
        var slot = slots.Find(id, hash);
        limit = slot >= 0 && slots.Limits is { } limits ? Volatile.Read(ref limits[slot]) : 0;
        return slot >= 0;
    }

    /// <summary>Adds an id or makes it stricter; false when that changes nothing.</summary>
    /// <param name="id">The id.</param>
    /// <param name="until">Unix time in seconds after which it is forgotten; the later of two holds.</param>
    /// <param name="limit">Two numbers of 32 bits; the greater of each holds.</param>
    public bool Add(UInt128 id, uint until, ulong limit)
    {
        var hash = HashOf(id);
        ref var shard = ref _shards[ShardOf(hash)];
        lock (_locks[ShardOf(hash)])
        {
            if (shard.Find(id, hash) is >= 0 and var slot)
            {
                return shard.Raise(slot, until, limit);
            }

            if (shard.IsFull)
            {
                Volatile.Write(ref shard, shard.Copy(limited, shard.Used + (shard.Used / 2) + 1, after: 0));
            }

            shard.Append(id, hash, until, limit);
            return true;
        }
    }

    /// <summary>Forgets what has ended in one shard, if it is enough to be worth the copy.</summary>
    public void Sweep(int shardIndex, uint now)
    {
        ref var shard = ref _shards[shardIndex];
        lock (_locks[shardIndex])
        {
            var ended = shard.CountEnded(now);
            if (ended > 0 && ended * 8 >= shard.Used)
            {
                Volatile.Write(ref shard, shard.Copy(limited, shard.Used - ended, after: now));
            }
        }
    }

    // The high and the low half of a 128-bit product: every bit of the id moves every bit of the hash.
    private static ulong HashOf(UInt128 id)
    {
        var high = Math.BigMul((ulong)id ^ SeedLow, (ulong)(id >> 64) ^ SeedHigh, out var low);
        return high ^ low;
    }

    private static int ShardOf(ulong hash) => (int)(hash & (Shards - 1));

    private sealed class Slots
    {
        public static readonly Slots None = new(0, limited: false);

        private const int Width = 16;

        private readonly UInt128[] _ids;
        private readonly uint[] _until;
        private readonly byte[] _marks;
        private readonly uint _buckets;

        public int Used;

        private Slots(int buckets, bool limited)
        {
            _buckets = (uint)buckets;
            _marks = new byte[buckets * Width];
            _ids = new UInt128[buckets * Width];
            _until = new uint[buckets * Width];
            Limits = limited ? new ulong[buckets * Width] : null;
        }

        public ulong[]? Limits { get; }

        // Four fifths: beyond that, look-ups walk too far.
        public bool IsFull => Used * 5L >= _marks.Length * 4L;

        public long Size => _marks.LongLength * (1 + 16 + 4 + (Limits is null ? 0 : 8));

        public int Find(UInt128 id, ulong hash)
        {
            var mark = Vector128.Create(MarkOf(hash));
            var bucket = BucketOf(hash);
            for (var turn = 0u; turn < _buckets; turn++)
            {
                var marks = Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(_marks), bucket * Width);
                var fitting = Vector128.Equals(marks, mark).ExtractMostSignificantBits();
                if (fitting != 0)
                {
                    Volatile.ReadBarrier(); // the id was written before its mark
                    for (; fitting != 0; fitting &= fitting - 1)
                    {
                        var slot = (int)(bucket * Width) + BitOperations.TrailingZeroCount(fitting);
                        if (_ids[slot] == id)
                        {
                            return slot;
                        }
                    }
                }

                if (Vector128.EqualsAny(marks, Vector128<byte>.Zero))
                {
                    return -1;
                }

                bucket = bucket + 1 == _buckets ? 0 : bucket + 1;
            }

            return -1;
        }

        public void Append(UInt128 id, ulong hash, uint until, ulong limit)
        {
            var slot = FreeSlot(hash);
            _ids[slot] = id;
            _until[slot] = until;
            if (Limits is { } limits)
            {
                limits[slot] = limit;
            }

            Used++;
            Volatile.Write(ref _marks[slot], MarkOf(hash));
        }

        public bool Raise(int slot, uint until, ulong limit)
        {
            var later = until > _until[slot];
            _until[slot] = Math.Max(_until[slot], until);
            if (Limits is not { } limits || RevocationLimit.StricterOf(limits[slot], limit) is var stricter && stricter == limits[slot])
            {
                return later;
            }

            Volatile.Write(ref limits[slot], stricter);
            return true;
        }

        public int CountEnded(uint now)
        {
            var ended = 0;
            for (var slot = 0; slot < _marks.Length; slot++)
            {
                ended += _marks[slot] != 0 && _until[slot] <= now ? 1 : 0;
            }

            return ended;
        }

        public Slots Copy(bool limited, int room, uint after)
        {
            Slots copy = new((int)((room * 5L / 4 / Width) + 1), limited);
            for (var slot = 0; slot < _marks.Length; slot++)
            {
                if (_marks[slot] != 0 && _until[slot] > after)
                {
                    copy.Append(_ids[slot], HashOf(_ids[slot]), _until[slot], Limits?[slot] ?? 0);
                }
            }

            return copy;
        }

        private int FreeSlot(ulong hash)
        {
            var bucket = BucketOf(hash);
            while (true)
            {
                var free = _marks.AsSpan((int)bucket * Width, Width).IndexOf((byte)0);
                if (free >= 0)
                {
                    return ((int)bucket * Width) + free;
                }

                bucket = bucket + 1 == _buckets ? 0 : bucket + 1;
            }
        }

        private static byte MarkOf(ulong hash) => (byte)(0x80 | (hash >> ShardBits));

        // Of the upper half; the lower half chose shard and mark.
        private uint BucketOf(ulong hash) => (uint)(((hash >> 32) * _buckets) >> 32);
    }
}
