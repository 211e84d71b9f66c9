using System.Buffers.Binary;

namespace ServiceDefaults.Logging;

/// <summary>
/// Version 7 UUIDs (RFC 9562 section 5.7) for requests and their records. Nobody is let in by knowing one, so the random
/// part comes from a fast generator instead of the system's: the framework's own costs a system call, for every request.
/// </summary>
public static class RequestId
{
    /// <summary>Unique, and ordered by time to the millisecond.</summary>
    public static Guid New(DateTimeOffset time)
    {
        Span<byte> octets = stackalloc byte[16];
        Random.Shared.NextBytes(octets[6..]);
        BinaryPrimitives.WriteInt64BigEndian(octets, (time.ToUnixTimeMilliseconds() << 16) | BinaryPrimitives.ReadUInt16BigEndian(octets[6..]));
        octets[6] = (byte)(0x70 | (octets[6] & 0x0F));
        octets[8] = (byte)(0x80 | (octets[8] & 0x3F));
        return new Guid(octets, bigEndian: true);
    }
}
