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
    public static RevocableToken Of(AccessToken token) => new(
        KeyOf(token.TokenId),
        token.SessionId is { } session ? KeyOf(session) : null,
        KeyOf(token.Subject),
        KeyOf(token.ClientId),
        Unsafe.BitCast<Guid, UInt128>(token.TenantId),
        token.Epoch,
        token.IssuedAt.ToUnixTimeSeconds());

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

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), digest);
        return new UInt128(BitConverter.ToUInt64(digest), BitConverter.ToUInt64(digest[8..]));
    }
}
