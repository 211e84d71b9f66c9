using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using ServiceDefaults.Authentication;

namespace Gateway.Revocation;

/// <summary>The ids of a token under which it can be revoked, made once so that a check only looks up.</summary>
/// <param name="TokenId">Of <c>jti</c>.</param>
/// <param name="SessionId">Of <c>sid</c>.</param>
/// <param name="Subject">Of <c>sub</c>.</param>
/// <param name="Client">Of <c>client_id</c>.</param>
/// <param name="Tenant">Of <c>tid</c>.</param>
/// <param name="Epoch"><c>epoch</c>.</param>
/// <param name="IssuedAt"><c>iat</c>, Unix time in seconds.</param>
internal sealed record RevocableToken(
    UInt128 TokenId, UInt128? SessionId, UInt128 Subject, UInt128 Client, UInt128 Tenant, long Epoch, long IssuedAt)
{
    // Clients and signing keys have names and are few: their digests are kept, and what others invent pushes them out.
    private static readonly Named?[] Names = new Named?[64];

    /// <summary>Of the header's <c>kid</c>.</summary>
    public UInt128 SigningKey { get; init; }

    public static RevocableToken Of(AccessToken token) => new(
        KeyOf(token.TokenId),
        token.SessionId is { } session ? KeyOf(session) : null,
        KeyOf(token.Subject),
        KeyOf(token.ClientId),
        Unsafe.BitCast<Guid, UInt128>(token.TenantId),
        token.Epoch,
        token.IssuedAt.ToUnixTimeSeconds())
    {
        SigningKey = KeyOf(token.SigningKey),
    };

    /// <summary>
    /// 128 bits for an id: itself where it is a UUID, however written, else the front of its SHA-256. Small and equal in
    /// size, so that a million of them fit in memory.
    /// </summary>
    public static UInt128 KeyOf(string id)
    {
        if (Guid.TryParse(id, out var uuid))
        {
            return Unsafe.BitCast<Guid, UInt128>(uuid);
        }

        ref var named = ref Names[(uint)string.GetHashCode(id, StringComparison.Ordinal) % Names.Length];
        if (Volatile.Read(ref named) is { } known && known.Name == id)
        {
            return known.Key;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), digest);
        UInt128 key = new(BitConverter.ToUInt64(digest), BitConverter.ToUInt64(digest[8..]));
        Volatile.Write(ref named, new Named(id, key));
        return key;
    }

    private sealed record Named(string Name, UInt128 Key);
}
