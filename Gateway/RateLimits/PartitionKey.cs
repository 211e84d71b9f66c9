using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.RateLimits;

/// <summary>Whose requests count together, in 32 octets.</summary>
internal readonly record struct PartitionKey(UInt128 First, UInt128 Second)
{
    private static readonly UInt128 Overflown = UInt128.MaxValue;

    /// <summary>IPv4 as it is, also inside IPv6 (::ffff:0:0/96); of other IPv6 the first bits. Without an address (no network connection) all are one.</summary>
    public static PartitionKey Of(IPAddress? address, int prefix)
    {
        Span<byte> octets = stackalloc byte[16];
        if (address is null || !address.TryWriteBytes(octets, out var length))
        {
            return default;
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return new PartitionKey(Mapped(BinaryPrimitives.ReadUInt32BigEndian(octets[..length])), 0);
        }

        return address.IsIPv4MappedToIPv6
            ? new PartitionKey(Mapped(BinaryPrimitives.ReadUInt32BigEndian(octets[12..])), 0)
            : new PartitionKey(BinaryPrimitives.ReadUInt128BigEndian(octets) & (UInt128.MaxValue << (128 - prefix)), 0);
    }

    public static PartitionKey Of(UInt128 id) => new(id, 0);

    public static PartitionKey Of(UInt128 id, UInt128 tenant) => new(id, tenant);

    /// <summary>One of 256 that those share for whom there is no room.</summary>
    public PartitionKey Shared() => new((uint)GetHashCode() % 256, Overflown);

    public bool IsShared => Second == Overflown;

    public override string ToString() =>
        Second == UInt128.Zero
            ? First.ToString("x32", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{First:x32}{Second:x32}");

    private static UInt128 Mapped(uint address) => new(0, 0xffff_0000_0000UL | address);
}
