using System.Net;
using System.Net.Sockets;

namespace IdentityService.Operation;

/// <summary>What counts as one place that requests come from.</summary>
internal static class ClientNetwork
{
    private const int Slash64 = 8;

    /// <summary>The address; of IPv6 its /64, since who has one address there has 2^64 of them.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        address = address is null ? IPAddress.None : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPAddress([.. address.GetAddressBytes().Take(Slash64), .. new byte[16 - Slash64]])
            : address;
    }
}
