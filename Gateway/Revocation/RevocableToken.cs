using System.Security.Cryptography;
using System.Text;
using ServiceDefaults.Authentication;

namespace Gateway.Revocation;

/// <summary>The ids of a token under which it can be revoked, made once so that a check only looks up.</summary>
internal sealed record RevocableToken(
    Guid TokenId, Guid? SessionId, Guid Subject, Guid Client, Guid Tenant, long Epoch, long IssuedAt)
{
    public static RevocableToken Of(AccessToken token) => new(
        KeyOf(token.TokenId),
        token.SessionId is { } session ? KeyOf(session) : null,
        KeyOf(token.Subject),
        KeyOf(token.ClientId),
        token.TenantId,
        token.Epoch,
        token.IssuedAt.ToUnixTimeMilliseconds());

    /// <summary>
    /// 16 octets for an id: itself where it is a UUID, else the front of its SHA-256. Small and equal in size, so that a
    /// million of them fit in memory.
    /// </summary>
    public static Guid KeyOf(string id)
    {
        if (Guid.TryParse(id, out var uuid))
        {
            return uuid;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), digest);
        return new Guid(digest[..16]);
    }
}
